/** How many letters of a word may be wrong: none in the shortest, which would turn into each other. Two exchanged letters are two. */
export const tolerance = (term: string): 0 | 1 | 2 => (term.length < 3 ? 0 : term.length < 5 ? 1 : 2);

/** Levenshtein distance, told apart only up to `most`: a word's letters inserted, left out or replaced. */
const isWithin = (a: string, b: string, most: number): boolean => {
  if (Math.abs(a.length - b.length) > most) return false;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > most) return false;
    row = next;
  }
  return (row[b.length] ?? 0) <= most;
};

/** Whether a word is spelt nearly like another, by the length of the one that was asked for. */
export const isSpeltLike = (asked: string, word: string): boolean => isWithin(asked, word, tolerance(asked));
