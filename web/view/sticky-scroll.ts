import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Timeline } from '../model/timeline.ts';

/** So near to the bottom counts as at the bottom, in pixels. */
const bottomSlack = 40;
/** So near to the top the next older page is loaded, in pixels. */
const topSlack = 300;

/**
 * Keeps a conversation where the reader expects it: at the newest message while they are there, and at the line they
 * read while older messages come in above it.
 */
export function useStickyScroll(timeline: Timeline) {
  const element = useRef<HTMLElement>(null);
  const [atBottom, setAtBottom] = useState(true);
  const sticky = useRef(true);
  const before = useRef({ height: 0, first: 0 });
  const pending = timeline.pending.length;

  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const first = timeline.messages[0]?.seq ?? 0;
    const grewAbove = before.current.first > first && first > 0;
    if (show(box, timeline)) sticky.current = false;
    else if (sticky.current && !timeline.newer) box.scrollTop = box.scrollHeight;
    else if (grewAbove) box.scrollTop += box.scrollHeight - before.current.height;
    before.current = { height: box.scrollHeight, first };
    // A page that does not fill a tall screen leaves nothing to scroll, and so no event to load the next one at.
    if (box.scrollHeight <= box.clientHeight + topSlack) loadMore(timeline);
    else if (timeline.newer && toEnd(box) <= bottomSlack) void timeline.loadNewer();
  });

  // Who sends something wants to see it.
  useLayoutEffect(() => {
    if (pending > 0) toBottom();
  }, [pending]);

  // The keyboard of a phone, or a line break in the composer, changes the height without any message.
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => {
      if (sticky.current && !timeline.newer) box.scrollTop = box.scrollHeight;
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, [timeline]);

  const onScroll = useCallback(() => {
    const box = element.current;
    if (box === null) return;
    sticky.current = toEnd(box) <= bottomSlack && !timeline.newer;
    setAtBottom(sticky.current);
    if (box.scrollTop <= topSlack) loadMore(timeline);
    if (toEnd(box) <= topSlack) void timeline.loadNewer();
  }, [timeline]);

  const toBottom = useCallback(() => {
    const box = element.current;
    if (box === null) return;
    sticky.current = true;
    if (timeline.newer) void timeline.reload();
    box.scrollTop = box.scrollHeight;
  }, [timeline]);

  return { element, atBottom, onScroll, toBottom };
}

function toEnd(box: HTMLElement): number {
  return box.scrollHeight - box.scrollTop - box.clientHeight;
}

/** Brings the message that was asked for into the middle, and makes it stand out for a moment. */
function show(box: HTMLElement, timeline: Timeline): boolean {
  if (timeline.focus === undefined || !timeline.loaded) return false;
  const element = box.querySelector(`[data-seq="${timeline.focus}"]`);
  timeline.focus = undefined;
  if (element === null) return false;
  element.scrollIntoView({ block: 'center' });
  element.classList.remove('message-shown');
  // Asking for the size makes the browser take notice, so that the animation begins anew.
  element.getBoundingClientRect();
  element.classList.add('message-shown');
  return true;
}

function loadMore(timeline: Timeline): void {
  if (timeline.loaded && timeline.error === undefined) void timeline.loadOlder();
}
