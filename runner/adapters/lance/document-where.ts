/** Text as a literal of the engine's SQL. */
export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const docIdIn = (docIds: readonly string[]): string => `doc_id IN (${docIds.map(quotedText).join(', ')})`;
