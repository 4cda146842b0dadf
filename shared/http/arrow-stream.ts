/** Media type of a page as columns; of its own, so that the client brings no schemas with it. */
export const arrowStream = 'application/vnd.apache.arrow.stream';
