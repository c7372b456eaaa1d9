// A real Chromium for tests of pages. Where none is found the test is skipped and says so; with CI=true that is a failure.
import type { TestContext } from 'node:test'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import { programOrSkip } from './gateway/proxy-process.ts'

/** Closed when the test ends. undefined: there is none, and the test is marked as skipped. */
export const browserOrSkip = async (t: TestContext): Promise<Browser | undefined> => {
  const executablePath = programOrSkip(t, 'chromium')
  if (executablePath === undefined) return undefined
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  t.after(() => browser.close())
  return browser
}

/** How people see a page: on a phone and on a wide screen, by day and by night. */
const looks: readonly Required<Pick<BrowserContextOptions, 'viewport' | 'colorScheme'>>[] = [
  { width: 390, height: 844 },
  { width: 1440, height: 900 },
].flatMap((viewport) => (['light', 'dark'] as const).map((colorScheme) => ({ viewport, colorScheme })))

/** Opens a page of its own in each look, one after the other. `name` as in `390-dark`. */
export const inEveryLook = async (
  browser: Browser,
  visit: (page: Page, name: string) => Promise<void>,
): Promise<void> => {
  for (const look of looks) {
    const context = await browser.newContext(look)
    await visit(await context.newPage(), `${look.viewport?.width}-${look.colorScheme}`)
    await context.close()
  }
}

/**
 * What axe finds wrong with the page (WCAG 2.2 AA and its best practices), each as `rule: element`. It is put into each document once and
 * run there: Latchkey's pages have no frames, for which axe would have to be put in at every run.
 */
export const accessibilityFaults = async (page: Page): Promise<string[]> => {
  if (!(await page.evaluate<boolean>("typeof axe === 'object'"))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}

/** Whether the page is wider than its window, so that people must scroll sideways. */
export const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth')
