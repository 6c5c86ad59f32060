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
    if (sticky.current) box.scrollTop = box.scrollHeight;
    else if (grewAbove) box.scrollTop += box.scrollHeight - before.current.height;
    before.current = { height: box.scrollHeight, first };
    // A page that does not fill a tall screen leaves nothing to scroll, and so no event to load the next one at.
    if (box.scrollHeight <= box.clientHeight + topSlack) loadMore(timeline);
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
      if (sticky.current) box.scrollTop = box.scrollHeight;
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  const onScroll = useCallback(() => {
    const box = element.current;
    if (box === null) return;
    sticky.current = box.scrollHeight - box.scrollTop - box.clientHeight <= bottomSlack;
    setAtBottom(sticky.current);
    if (box.scrollTop <= topSlack) loadMore(timeline);
  }, [timeline]);

  const toBottom = useCallback(() => {
    const box = element.current;
    if (box === null) return;
    sticky.current = true;
    box.scrollTop = box.scrollHeight;
  }, []);

  return { element, atBottom, onScroll, toBottom };
}

function loadMore(timeline: Timeline): void {
  if (timeline.loaded && timeline.error === undefined) void timeline.loadOlder();
}
