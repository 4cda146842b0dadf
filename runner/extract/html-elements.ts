/** What HTML elements mean for a page's text (HTML Living Standard, sections 4 and 15.3). */

/** Nothing in them is content: programs, drawings, controls, what stands in for something else. */
export const skipped = new Set('script style template noscript svg canvas audio video iframe object select button textarea datalist map nav head'.split(' '));

/** Begin and end a paragraph. */
export const paragraphs = new Set(
  'address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form header hgroup hr html legend main menu ol p section summary ul'.split(
    ' ',
  ),
);

/** Where a header, a footer or an aside belongs to a piece of content and not to the site. */
export const contents = new Set(['main', 'article', 'section']);

const aroundRoles = new Set(['banner', 'contentinfo', 'complementary', 'search']);

type Attributes = Readonly<Record<string, string>>;

export const isSkipped = (name: string, { role, hidden, style = '', 'aria-hidden': ariaHidden }: Attributes): boolean =>
  skipped.has(name) ||
  role === 'navigation' ||
  hidden !== undefined ||
  ariaHidden === 'true' ||
  /display\s*:\s*none|visibility\s*:\s*hidden/i.test(style.slice(0, 1024));

/** Whether an element outside of any content is about the site rather than the page. */
export const isAround = (name: string, { role = '' }: Attributes): boolean => name === 'footer' || name === 'aside' || aroundRoles.has(role);

export const isMain = (name: string, { role }: Attributes): boolean => name === 'main' || role === 'main';
