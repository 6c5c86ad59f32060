%% The shapes of the actor bench on Erlang: the same work as bench/runtime/shapes.ts.
%% erl -noshell -run shapes main SHAPE SIZE prints messages (or spawns) a second, or bytes a process.
-module(shapes).
-export([main/1]).

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
    send(min(Batch, Left), Sink),
    receive more -> source(Left - min(Batch, Left), Batch, Sink) end.

send(0, _) -> ok;
send(N, Sink) -> Sink ! count, send(N - 1, Sink).

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
