/** What the wire allows. Both sides may rely on these figures; a smaller one would be a new version of the protocol. */
export const LIMITS = Object.freeze({
  /** Largest WebSocket message in either direction; over it the socket closes with 4413. */
  maxSocketMessageBytes: 1_048_576,
  /** A server packs frames up to this size into one WebSocket message; a larger frame travels alone. */
  maxPackedBytes: 65_536,
  /** Most MessagePack-RPC messages packed into one WebSocket message. */
  maxMessagesPerSocketMessage: 1_000,
  /** Containers inside containers, the envelope's own array included. */
  maxDepth: 16,
  /** Values and map keys in one WebSocket message to the server. It keeps tiny elements from growing into much memory. */
  maxElements: 65_536,

  /** A message body: the encoded map, as a `bin`. */
  maxBodyBytes: 65_536,
  /** UTF-8. */
  maxNonceBytes: 64,
  /** How many of a sender's last posts in a room a repeated nonce is recognised among; of their changes, as many again. */
  nonceWindowPosts: 1_000,
  maxIdLength: 64,
  /** Code points. */
  maxTitleLength: 128,
  /** Code points. */
  maxUsernameLength: 64,
  /** Code points. */
  maxClientLength: 128,
  maxTokenLength: 512,
  /** Code points. */
  maxDeviceLength: 64,
  /** Code points. */
  maxDisplayNameLength: 64,
  /** Code points. */
  maxAboutLength: 512,
  /** Code points. */
  maxContactNoteLength: 256,
  maxCursorLength: 512,

  /** Code points. */
  maxTopicLength: 512,
  /** Code points, of a ban. */
  maxReasonLength: 128,
  maxSlowModeSeconds: 21_600,
  maxLinksPerRoom: 100,
  maxRequestsPerRoom: 1_000,
  maxMutesPerRoom: 1_000,
  /** Bans, requests to join and members in one page. */
  maxPeoplePerPage: 200,
  /** Code points, of the reason of a report or a suspension. */
  maxReportLength: 500,
  /** Reports of one user that wait for an answer. */
  maxOpenReports: 50,

  maxMembersInCreate: 100,
  maxUsersInGet: 100,
  usersPerSearch: 20,
  maxContacts: 2_000,
  contactsPerPage: 100,
  maxBlocks: 1_000,
  maxPresenceUsers: 200,
  maxPresencePerSession: 500,
  maxMentions: 50,
  maxFiles: 20,
  /** UTF-8. */
  maxReactionBytes: 32,
  /** Different reactions to one message. */
  maxReactionKinds: 20,
  /** Reactions to one message, counting each user's. */
  maxReactions: 500,
  /** Pinned messages in a room. */
  maxPins: 50,
  maxResumeRooms: 1_000,
  maxHistoryMessages: 200,
  defaultHistoryMessages: 50,
  /** Code points. */
  maxQueryLength: 256,
  maxSearchHits: 50,
  defaultSearchHits: 20,
  /** Seqs that are hidden by one request. */
  maxHidesAtOnce: 100,
  /** Messages of one room that a user may have hidden. */
  maxHiddenMessages: 10_000,

  /** A socket without an accepted `hello` is closed after this. */
  helloDeadlineMs: 10_000,
  /** A client sends something at least this often. */
  heartbeatMs: 30_000,
} as const);
