// Where a sign-in leads back to: a path of this server and nothing else, so that /login sends nobody elsewhere (CWE-601).

/** What Latchkey's own addresses consist of: plain segments, nothing encoded, no dot; then a query without what a browser would read otherwise. */
const ownPath = /^\/(?:[\w~-]+(?:\/[\w~-]+)*\/?)?(?:\?[!$-;=?-[\]-~]*)?$/
/** Signing in or out again is no place to go to. */
const signing = /^\/log(?:in|out)(?:[/?]|$)/
const maxLength = 6_000

/** The path with its query as given; undefined: it is none of this server's own. */
export const readReturnTo = (text: string): string | undefined =>
  text.length <= maxLength && ownPath.test(text) && !signing.test(text) ? text : undefined

/**
 * Whether the page there may redirect to another site. Chromium holds every redirect that follows a form to the form's own
 * `form-action`, so such a page is not reached by redirect but by a navigation of its own.
 */
export const mayLeadAway = (returnTo: string): boolean => returnTo.startsWith('/oauth/')
