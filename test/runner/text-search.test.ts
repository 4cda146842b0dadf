import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../shared/limits.ts';
import { caller, type RunningRunner, startRunner } from './running-runner.ts';

let runner: RunningRunner;
beforeAll(async () => {
  runner = await startRunner();
});
afterAll(() => runner.stop());

type Found = { id: string; doc_id: string; source_scope: string; score: number; bm25?: number; text?: string; highlights?: { start: number; end: number }[] };

const ask = async (space: string, request: Record<string, unknown>): Promise<Found[]> => {
  const { status, body } = await runner.call('POST', `/nexus/spaces/${space}/query`, request);
  expect([status, body.error]).toEqual([200, undefined]);
  return body.hits;
};
const found = async (space: string, query: string, mode = 'text'): Promise<string[]> =>
  (await ask(space, { query, mode, limit: 100 })).map(({ doc_id }) => doc_id);
const put = async (space: string, texts: Record<string, string>, over: Record<string, unknown> = {}): Promise<void> => {
  const documents = Object.entries(texts).map(([id, text]) => ({ id, text, ...over }));
  expect((await runner.ingest(space, { documents })).status).toBe('succeeded');
};
/** What stands at a hit's highlights. */
const shown = ({ text, highlights }: Found): string[] => (highlights ?? []).map(({ start, end }) => (text ?? '').slice(start, end));

describe('what a query may ask for', () => {
  const texts = {
    plate: 'The boundary layer of a flat plate.',
    other: 'A layer forms at the boundary of the plate.',
    wing: 'Lift and drag of a swept wing in a slipstream.',
    drag: 'Drag reduction by turbulence control.',
  };
  beforeAll(() => put('signs', texts));

  test.each(['text', 'hybrid'])('in mode %s: exact words', async (mode) => {
    expect(await found('signs', '"boundary layer"', mode)).toEqual(['plate']);
    expect(await found('signs', '"layer boundary"', mode)).toEqual([]);
    expect(await found('signs', '"boundary layers" wing', mode)).toEqual(['plate']);
  });

  test.each(['text', 'hybrid'])('in mode %s: required and excluded words', async (mode) => {
    expect(await found('signs', 'drag +wing', mode)).toEqual(['wing']);
    expect((await found('signs', 'drag plate -wing', mode)).toSorted()).toEqual(['drag', 'other', 'plate']);
    expect((await found('signs', 'plate -"flat plate"', mode)).includes('plate')).toBe(false);
    expect(await found('signs', '+plate +flat -wing', mode)).toEqual(['plate']);
    expect(await found('signs', '+plate +nowhere', mode)).toEqual([]);
  });

  test('words that may be misspelt', async () => {
    expect(await found('signs', 'turbulense', 'text')).toEqual([]);
    expect(await found('signs', 'turbulense~', 'text')).toEqual(['drag']);
    expect(await found('signs', '+slipsteam~ drag', 'text')).toEqual(['wing']);
    expect(await found('signs', 'swetp~', 'text')).toEqual(['wing']);
    expect(await found('signs', 'a~', 'text')).not.toContain('drag');
  });

  test('an exclusion alone finds nothing by text, and leaves out by meaning', async () => {
    expect(await found('signs', '-plate', 'text')).toEqual([]);
    expect((await found('signs', '-plate', 'hybrid')).toSorted()).toEqual(['drag', 'wing']);
  });

  test('words in other forms, and stop words only when nothing else is asked for', async () => {
    expect((await found('signs', 'plates')).toSorted()).toEqual(['other', 'plate']);
    expect(await found('signs', 'the layers of')).not.toContain('wing');
    expect(await found('signs', 'of the')).toContain('plate');
  });

  const odd = [
    '"',
    '"""',
    '+',
    '-',
    '~',
    '+-"',
    '!?…',
    '🎉',
    'AND OR NOT',
    '\\',
    '*',
    '(a',
    "'; --",
    '\u202eabc',
    'مرحبا "',
    '\ud83d',
    'a:b^2',
    '+"',
    '""~',
    '~2',
  ];
  test.each([...odd, 'x'.repeat(limits.queryChars), '"a '.repeat(2700), '-a '.repeat(2700), '茶'.repeat(limits.queryChars), 'word~ '.repeat(1300)])(
    'anything at all is answered: %j',
    async (query) => {
      for (const mode of ['text', 'hybrid']) await ask('signs', { query, mode, select: ['highlights'] });
    },
  );
});

describe('a large space', () => {
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`n${index}`, `Filler about harbours number${index}.`]));
  beforeAll(async () => {
    await put('large', { ...many, first: 'The lighthouse keeper sleeps.' });
    await put('large', { second: 'The lighthouse keeper wakes.' });
  });

  test('is searched in its index and in what was written since, by one measure', async () => {
    const hits = await ask('large', { query: '"lighthouse keeper"', mode: 'text' });
    expect(hits.map(({ doc_id }) => doc_id).toSorted()).toEqual(['first', 'second']);
    const [a, b] = hits.map(({ bm25 }) => bm25 ?? 0);
    expect(Math.abs((a ?? 0) - (b ?? 0))).toBeLessThan(0.25 * (a ?? 0));
  });

  test('finds misspelt words in its index, and rightly spelt ones everywhere', async () => {
    expect(await found('large', 'lighthuose~')).toContain('first');
    expect((await found('large', 'lighthouse~')).toSorted()).toEqual(['first', 'second']);
  });
});

describe('a small space that is written bit by bit', () => {
  test('ranks as if all had come at once: what was written first is not measured by less', async () => {
    const texts = { both: 'amber beryl', one: 'amber coral', other: 'dolomite coral' };
    await put('at-once', texts);
    for (const [id, text] of Object.entries(texts)) await put('bit-by-bit', { [id]: text });
    const ranked = async (space: string) => (await ask(space, { query: 'amber beryl', mode: 'text' })).map(({ doc_id, bm25 }) => [doc_id, bm25]);
    expect(await ranked('bit-by-bit')).toEqual(await ranked('at-once'));
    expect((await ranked('bit-by-bit')).map(([id]) => id)).toEqual(['both', 'one']);
  });
});

describe('a tenant with three notes beside a shared space with many', () => {
  const note = (text: string) => `${text} Our own note about the sluice gates.`;
  beforeAll(async () => {
    const shared = Array.from({ length: 300 }, (_, index) => ({
      id: `s${index}`,
      text: `Chapter ${index}. ${index % 3 === 0 ? 'Sluice gates' : 'Bridges'} of rivers, and what they are for.`,
    }));
    const system = caller({ tenant_id: 't_system' });
    expect((await runner.ingest('beside', { documents: shared }, { context: system })).status).toBe('succeeded');
    await put('beside', { n1: note('Oil them.'), n2: note('Paint them.'), n3: note('Count them.') });
  });
  const scopes = async (query: string) => (await ask('beside', { query, include_global: true })).map(({ source_scope }) => source_scope);

  test('is found although all of its notes are about one subject, which is worth little among three', async () => {
    const found = await scopes('sluice gates');
    expect(found.filter((scope) => scope === 'tenant')).toHaveLength(3);
    expect(found).toContain('global');
  });

  test('does not stand in the way of what only the shared space is about', async () => {
    expect((await scopes('bridges of rivers')).slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 'global'));
  });
});

describe('titles', () => {
  test('of the caller, and headings above a passage, find it', async () => {
    const section = `${'Turn the wheel to the left and wait until it stops. '.repeat(60)}\n\n`;
    const markdown = `# Sluices\n\n${section}${section}`;
    await put('titles', { plain: 'Nothing about it.' }, { metadata: { title: 'Zeppelin' } });
    const content = { media_type: 'text/markdown', data_base64: Buffer.from(markdown).toString('base64') };
    await runner.ingest('titles', { documents: [{ id: 'handbook', content }] });
    expect(await found('titles', 'zeppelins')).toEqual(['plain']);
    const parts = await ask('titles', { query: 'sluice', mode: 'text' });
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.every(({ doc_id }) => doc_id === 'handbook')).toBe(true);
  });
});

describe('languages, with nothing said by the caller', () => {
  const cases: Record<string, { text: string; finds: string[]; language: string }> = {
    en: { text: 'The engineers were running their new engines in the old harbour.', finds: ['engine', 'engineer run', 'harbours'], language: 'en' },
    de: { text: 'Die Häuser am Hafen wurden im letzten Jahrhundert gebaut.', finds: ['Haus', 'häfen', 'Jahrhunderte'], language: 'de' },
    fr: { text: 'Les maisons du port ont été construites au siècle dernier par des pêcheurs.', finds: ['maison', 'pêcheur', 'pecheurs'], language: 'fr' },
    ru: { text: 'Путешествия по старым городам всегда приносили ему радость.', finds: ['путешествие', 'город', 'радости'], language: 'ru' },
    tr: { text: 'İstanbul eski kitapların ve güzel kahvelerin şehridir, herkes bunu bilir.', finds: ['kitap', 'istanbul', 'kahve'], language: 'tr' },
    ar: { text: 'يقرأ الطلاب الكتب الجديدة في مكتبة المدينة القديمة كل يوم.', finds: ['الكتب', 'المكتبة', 'مدينة'], language: 'ar' },
    hi: { text: 'छात्र हर दिन पुराने शहर के पुस्तकालय में नई किताबें पढ़ते हैं।', finds: ['पुस्तकालय', 'शहर'], language: 'hi' },
    th: { text: 'นักเรียนอ่านหนังสือใหม่ในห้องสมุดของเมืองเก่าทุกวัน', finds: ['หนังสือ', 'ห้องสมุด'], language: 'th' },
    zh: { text: '学生们每天在老城的图书馆里阅读新书。', finds: ['图书馆', '阅读', '书'], language: 'zh' },
    ja: { text: '学生は毎日、古い町の図書館で新しい本を読みます。', finds: ['図書館', '本', '新しい'], language: 'ja' },
    ko: { text: '학생들은 매일 오래된 도시의 도서관에서 새로운 책을 읽습니다.', finds: ['도서관', '학생', '책'], language: 'ko' },
  };

  test.each(Object.entries(cases))('a space of %s finds the words of its texts in their forms', async (name, { text, finds, language }) => {
    await put(`lang-${name}`, { right: text, wrong: 'x1 y2 z3' });
    expect((await runner.call('GET', `/nexus/spaces/lang-${name}`)).body.language).toBe(language);
    for (const query of finds) expect(await found(`lang-${name}`, query), query).toEqual(['right']);
  });

  test('mixed in one space, each is found', async () => {
    await put('mixed', Object.fromEntries(Object.entries(cases).map(([name, { text }]) => [name, text])));
    for (const [query, name] of [
      ['图书馆', 'zh'],
      ['ห้องสมุด', 'th'],
      ['도서관', 'ko'],
      ['पुस्तकालय', 'hi'],
      ['engines', 'en'],
    ] as const)
      expect(await found('mixed', query), query).toContain(name);
  });

  test('a language that was set is kept', async () => {
    await runner.call('PUT', '/nexus/spaces/set', { language: 'de' });
    await put('set', { a: 'Two houses by the sea, and nothing German about them.' });
    expect((await runner.call('GET', '/nexus/spaces/set')).body.language).toBe('de');
  });
});

describe('highlights', () => {
  beforeAll(async () => {
    await put('shown-en', { en: 'Engineers were running. The runner runs; “The boundary layer” of boundary-layer theory.' });
    await put('shown', {
      zh: '学生们在图书馆里读书，图书馆很大。',
      ko: '도서관에서 책을 읽습니다.',
      th: 'นักเรียนอ่านหนังสือใหม่ในห้องสมุด',
    });
  });
  const of = async (query: string, id: string, mode = 'text'): Promise<string[]> => {
    const hits = await ask(id === 'en' ? 'shown-en' : 'shown', { query, mode, select: ['text', 'highlights'], limit: 100 });
    return hits.filter(({ doc_id }) => doc_id === id).flatMap(shown);
  };

  test('show words in every form that was found, and no stop words', async () => {
    expect(await of('the run', 'en')).toEqual(['running', 'runs']);
  });

  test('show exact words as one piece, only where they stand together', async () => {
    expect(await of('"boundary layers"', 'en')).toEqual(['boundary layer', 'boundary-layer']);
  });

  test('show misspelt words as they are spelt', async () => expect(await of('engineeers~', 'en')).toEqual(['Engineers']));

  test('show words of scripts without spaces, and not their signs elsewhere', async () => {
    expect(await of('图书馆', 'zh')).toEqual(['图书馆', '图书馆']);
    expect(await of('도서관', 'ko')).toEqual(['도서관']);
    expect(await of('책', 'ko')).toEqual(['책']);
    expect(await of('ห้องสมุด', 'th')).toEqual(['ห้องสมุด']);
  });

  test('come without the text when the text was not asked for, in every mode', async () => {
    for (const mode of ['text', 'hybrid', 'vector']) {
      const [first] = await ask('shown-en', { query: 'engineers', mode, select: ['highlights'] });
      expect(first).not.toHaveProperty('text');
      expect(first?.highlights).toEqual([{ start: 0, end: 9 }]);
    }
    const [hit] = await ask('shown-en', { query: 'engineers', mode: 'text' });
    expect(hit).not.toHaveProperty('highlights');
  });
});
