import { setTimeout as sleep } from 'node:timers/promises';
import { serveJson } from './served.ts';

export type RerankFault = number | 'hang' | 'html' | 'missing' | 'twice' | 'out-of-range' | 'not-a-number';

export interface RerankAsked {
  path: string;
  authorization: string | undefined;
  query: string;
  texts: string[];
}

/** Likes what ends late in the alphabet: a score that no fusion gives. */
export const scoreOf = (text: string): number => (text.trim().at(-1)?.charCodeAt(0) ?? 0) / 128;

const faulty = (scores: { index: number; score: number | null }[], fault: RerankFault | undefined): typeof scores => {
  if (fault === 'missing') return scores.slice(1);
  if (fault === 'twice') return scores.map(({ score }) => ({ index: 0, score }));
  if (fault === 'out-of-range') return scores.map(({ index, score }) => ({ index: index + 1, score }));
  if (fault === 'not-a-number') return scores.map(({ index }) => ({ index, score: null }));
  return scores;
};

/** Speaks the rerank protocols of Cohere, Jina and TEI, best first as they do, and misbehaves as it is told. */
export const startRerankService = async (faultOf: (index: number) => RerankFault | undefined = () => undefined) => {
  const asked: RerankAsked[] = [];
  const served = await serveJson(async ({ request, body, stopping }, response) => {
    const path = request.url ?? '';
    const isTei = path === '/rerank';
    const texts: string[] = isTei ? body.texts : body.documents;
    asked.push({ path, authorization: request.headers.authorization, query: body.query, texts });
    const fault = faultOf(asked.length - 1);
    if (typeof fault === 'number') return response.writeHead(fault, { 'content-type': 'application/json' }).end('{"error": "no"}');
    if (fault === 'hang') return sleep(60_000, undefined, { signal: stopping }).catch(() => undefined);
    if (fault === 'html') return response.writeHead(200).end('<html>');
    const best = texts.map((one, index) => ({ index, score: scoreOf(one) })).sort((a, b) => b.score - a.score);
    const scores = faulty(best, fault);
    const answer = isTei ? scores : { id: 'x', results: scores.map(({ index, score }) => ({ index, relevance_score: score })) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  return { ...served, asked };
};
