import fc from 'fast-check';

/** One document of a request; its text follows from its name and size. */
export interface PlannedDocument {
  id: string;
  /** Sentences: 0 is an empty text, 60 is many chunks. */
  sentences: number;
  topic: string;
  rank: number;
}

export type Wish =
  | { kind: 'ingest'; documents: PlannedDocument[]; maxTokens: number; bulky: boolean }
  | { kind: 'delete'; ids: string[]; oneByOne: boolean }
  | { kind: 'delete_where'; topic: string; fromRank: number }
  | { kind: 'delete_space' }
  | { kind: 'maintain'; erase: boolean };

/** A request and how its event travels: which rounds later, in which place there, once each. */
export interface Step {
  wish: Wish;
  deliveries: { roundsLater: number; place: number }[];
}

/** What is accepted together; then the due events are delivered, so many at once. */
export interface Round {
  steps: Step[];
  width: number;
  /** Whether the next round waits until all that was due has been acknowledged. */
  settles: boolean;
}

export interface History {
  /** What each life of the space is fed with: texts, or callers' vectors of a dimension. */
  feeds: ('text' | number)[];
  rounds: Round[];
}

const ids = ['a', 'b', "c'#0", 'd', 'e/ü'] as const;
const topics = ['red', 'green'] as const;

const document = fc.record({
  id: fc.constantFrom<string>(...ids),
  sentences: fc.oneof({ arbitrary: fc.integer({ min: 0, max: 3 }), weight: 2 }, { arbitrary: fc.integer({ min: 8, max: 60 }), weight: 3 }),
  topic: fc.constantFrom<string>(...topics),
  rank: fc.integer({ min: 0, max: 4 }),
});

const ingest = fc.record({
  kind: fc.constant('ingest' as const),
  documents: fc.uniqueArray(document, { selector: ({ id }) => id, minLength: 1, maxLength: 4 }),
  maxTokens: fc.constantFrom(16, 24, 64),
  bulky: fc.integer({ min: 0, max: 19 }).map((dice) => dice === 0),
});

const wish: fc.Arbitrary<Wish> = fc.oneof(
  { arbitrary: ingest, weight: 12 },
  {
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      ids: fc.uniqueArray(fc.constantFrom<string>(...ids, 'never-there'), { minLength: 1, maxLength: 3 }),
      oneByOne: fc.boolean(),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('delete_where' as const),
      topic: fc.constantFrom<string>(...topics),
      fromRank: fc.integer({ min: 0, max: 3 }),
    }),
    weight: 3,
  },
  { arbitrary: fc.constant({ kind: 'delete_space' as const }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('maintain' as const), erase: fc.boolean() }), weight: 2 },
);

const step: fc.Arbitrary<Step> = fc.record({
  wish,
  deliveries: fc.array(fc.record({ roundsLater: fc.constantFrom(0, 0, 0, 1, 2), place: fc.nat(1000) }), { minLength: 1, maxLength: 3 }),
});

const round: fc.Arbitrary<Round> = fc.record({
  steps: fc.array(step, { minLength: 2, maxLength: 7 }),
  width: fc.integer({ min: 1, max: 8 }),
  settles: fc.boolean(),
});

/** Short but nasty: few documents, written over and over, by events that come late, twice and in any order. */
export const histories: fc.Arbitrary<History> = fc.record({
  feeds: fc.array(fc.constantFrom<'text' | number>('text', 'text', 3, 5), { minLength: 1, maxLength: 4 }),
  rounds: fc.array(round, { minLength: 1, maxLength: 4 }),
});
