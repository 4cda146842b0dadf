/** Pages of a list, following `next_cursor` to the end. */
export async function* pagesOf<Page extends { next_cursor: string | null }>(fetchPage: (cursor: string | undefined) => Promise<Page>): AsyncGenerator<Page> {
  let cursor: string | undefined;
  do {
    const page = await fetchPage(cursor);
    yield page;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** A list, item by item; `pages()` gives it as the API does. */
export interface PagedList<Page, Item> extends AsyncIterable<Item> {
  pages(): AsyncIterable<Page>;
}

export const pagedList = <Page extends { next_cursor: string | null }, Item>(
  fetchPage: (cursor: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
): PagedList<Page, Item> => ({
  pages: () => pagesOf(fetchPage),
  async *[Symbol.asyncIterator]() {
    for await (const page of pagesOf(fetchPage)) yield* itemsOf(page);
  },
});
