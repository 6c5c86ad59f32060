%% The shapes of the actor bench on Erlang: the same work as bench/runtime/shapes.ts.
%% erl -noshell -run shapes main SHAPE SIZE prints messages (or spawns) a second, or bytes a process.
-module(shapes).
-behaviour(gen_server).
-export([main/1]).
-export([init/1, handle_call/3, handle_cast/2]).
-export([register_name/2, unregister_name/1, whereis_name/1, send/2]).

-define(MESSAGES_EACH, 20).

main([Shape, Size]) ->
    N = list_to_integer(Size),
    case Shape of
        "idleActor" -> ok;
        _ -> run(Shape, (N + 4) div 5)
    end,
    io:format("~w", [run(Shape, N)]),
    halt(0, [{flush, true}]).

run("tell", N) -> tell(N, N);
run("tellInBatches", N) -> tell(N, 1000);
run("pingPong", N) -> ping_pong(N);
run("manyActors", N) -> many_actors(N);
run("spawn", N) -> spawn_all(N);
run("spawnNamed", N) -> spawn_named(N);
run("spawnSupervised", N) -> spawn_supervised(N);
run("idleActor", N) -> idle_actor(N).

per_second(N, Start) ->
    Nanos = erlang:monotonic_time(nanosecond) - Start,
    N * 1.0e9 / Nanos.

now_ns() -> erlang:monotonic_time(nanosecond).

%% One process to another. Between batches the sender waits for the receiver, so that the mailbox stays short.
tell(N, Batch) ->
    Self = self(),
    Start = now_ns(),
    spawn_link(fun() ->
        Source = self(),
        Sink = spawn_link(fun() -> sink(N, Batch, Source, Self) end),
        source(N, Batch, Sink)
    end),
    receive done -> per_second(N, Start) end.

source(0, _, _) -> ok;
source(Left, Batch, Sink) ->
    send_all(min(Batch, Left), Sink),
    receive more -> source(Left - min(Batch, Left), Batch, Sink) end.

send_all(0, _) -> ok;
send_all(N, Sink) -> Sink ! count, send_all(N - 1, Sink).

sink(0, _, Source, Main) -> Source ! more, Main ! done;
sink(Left, Batch, Source, Main) ->
    receive count -> ok end,
    case (Left - 1) rem Batch of
        0 when Left > 1 -> Source ! more;
        _ -> ok
    end,
    sink(Left - 1, Batch, Source, Main).

ping_pong(N) ->
    Self = self(),
    Start = now_ns(),
    A = spawn_link(fun() -> receive {other, B} -> player(B, Self) end end),
    B = spawn_link(fun() -> receive {other, A2} -> player(A2, Self) end end),
    A ! {other, B},
    B ! {other, A},
    A ! {ball, N},
    receive done -> per_second(N, Start) end.

player(Other, Main) ->
    receive
        {ball, 0} -> Main ! done;
        {ball, Left} -> Other ! {ball, Left - 1}, player(Other, Main)
    end.

%% A receiver counts in one place that all share, and says so when it was the last.
counter(Counter, Wanted, Main) ->
    receive
        count ->
            case atomics:add_get(Counter, 1, 1) of
                Wanted -> Main ! done;
                _ -> ok
            end,
            counter(Counter, Wanted, Main)
    end.

many_actors(N) ->
    Self = self(),
    Counter = atomics:new(1, []),
    Wanted = N * ?MESSAGES_EACH,
    Pids = [spawn(fun() -> counter(Counter, Wanted, Self) end) || _ <- lists:seq(1, N)],
    Start = now_ns(),
    spawn_link(fun() -> rounds(?MESSAGES_EACH, Pids) end),
    receive done -> per_second(Wanted, Start) end.

rounds(0, _) -> ok;
rounds(Left, Pids) ->
    lists:foreach(fun(Pid) -> Pid ! count end, Pids),
    rounds(Left - 1, Pids).

spawn_all(N) ->
    Self = self(),
    Counter = atomics:new(1, []),
    Start = now_ns(),
    spawn_each(N, Counter, N, Self),
    receive done -> per_second(N, Start) end.

spawn_each(0, _, _, _) -> ok;
spawn_each(Left, Counter, Wanted, Main) ->
    Pid = spawn(fun() -> counter(Counter, Wanted, Main) end),
    Pid ! count,
    spawn_each(Left - 1, Counter, Wanted, Main).

%% As addressable and as looked after as an actor of ours, in the least that does it: a table of names, looked into before
%% each send, and a parent that is told when a process ends. What a restart would take is not here.
spawn_named(N) ->
    Self = self(),
    Counter = atomics:new(1, []),
    Start = now_ns(),
    spawn_link(fun() ->
        Names = ets:new(names, [set]),
        name_each(N, Names, Counter, N, Self),
        receive stop -> ok end
    end),
    receive done -> per_second(N, Start) end.

name_each(0, _, _, _, _) -> ok;
name_each(Left, Names, Counter, Wanted, Main) ->
    Name = name(Left),
    Pid =
        case ets:lookup(Names, Name) of
            [{_, Known}] ->
                Known;
            [] ->
                {New, _} = spawn_monitor(fun() -> counter(Counter, Wanted, Main) end),
                ets:insert(Names, {Name, New}),
                New
        end,
    Pid ! count,
    name_each(Left - 1, Names, Counter, Wanted, Main).

name(Left) -> <<"measured-s", (integer_to_binary(Left))/binary>>.

%% The same as OTP has it: servers with names, under a supervisor that would start them again.
spawn_supervised(N) ->
    ets:new(?MODULE, [set, public, named_table]),
    Counter = atomics:new(1, []),
    {ok, Supervisor} = supervisor:start_link(?MODULE, supervisor),
    Start = now_ns(),
    supervise_each(N, Supervisor, [Counter, N, self()]),
    Rate = receive done -> per_second(N, Start) end,
    unlink(Supervisor),
    exit(Supervisor, kill),
    Monitor = monitor(process, Supervisor),
    receive {'DOWN', Monitor, _, _, _} -> ok end,
    ets:delete(?MODULE),
    Rate.

supervise_each(0, _, _) -> ok;
supervise_each(Left, Supervisor, Work) ->
    Name = {via, ?MODULE, name(Left)},
    {ok, _} = supervisor:start_child(Supervisor, [Name, ?MODULE, Work, []]),
    gen_server:cast(Name, count),
    supervise_each(Left - 1, Supervisor, Work).

init(supervisor) ->
    Child = #{id => counter, start => {gen_server, start_link, []}},
    {ok, {#{strategy => simple_one_for_one}, [Child]}};
init(Work) ->
    {ok, Work}.

handle_call(_, _, Work) -> {reply, ok, Work}.

handle_cast(count, [Counter, Wanted, Main] = Work) ->
    case atomics:add_get(Counter, 1, 1) of
        Wanted -> Main ! done;
        _ -> ok
    end,
    {noreply, Work}.

register_name(Name, Pid) ->
    case ets:insert_new(?MODULE, {Name, Pid}) of
        true -> yes;
        false -> no
    end.

unregister_name(Name) -> ets:delete(?MODULE, Name).

whereis_name(Name) ->
    case ets:lookup(?MODULE, Name) of
        [{_, Pid}] -> Pid;
        [] -> undefined
    end.

send(Name, Message) -> whereis_name(Name) ! Message.

idle_actor(N) ->
    Self = self(),
    Counter = atomics:new(1, []),
    erlang:garbage_collect(),
    Before = erlang:memory(processes),
    spawn_each(N, Counter, N, Self),
    receive done -> ok end,
    timer:sleep(500),
    erlang:garbage_collect(),
    (erlang:memory(processes) - Before) / N.
