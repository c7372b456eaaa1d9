// How people go about a page: by keyboard alone, and on screens of every size, by day and by night.
import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { assertInOrder } from '../browser.ts'
import type { Person, Scene } from './scene.ts'

/** Goes to an element by Tab alone; fails where it cannot be reached so. */
export const tabTo = async (page: Page, target: Locator, most = 80): Promise<void> => {
  await target.waitFor()
  for (let step = 0; step < most; step++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`${String(target)} is not reached by Tab`)
}

/** Goes there and presses a key on it. */
export const press = async (page: Page, target: Locator, key = 'Enter'): Promise<void> => {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

/** Visits pages. `look` says that what is shown now must be in order on a phone, a tablet and a wide screen. */
export const onEveryScreen = async (
  scene: Scene,
  person: Person,
  visit: (page: Page, look: (what: string) => Promise<void>) => Promise<void>,
): Promise<void> => {
  const page = await scene.page(person)
  await visit(page, (what) => assertInOrder(page, what))
  await page.context().close()
}
