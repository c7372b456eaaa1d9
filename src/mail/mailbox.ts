// The latest messages of the outbox, opened: for development alone.
import type { SecretBox } from '../secret-box.ts'
import type { Store } from '../store/store.ts'
import type { Mail } from './mailer.ts'
import { openMail } from './outbox.ts'

const most = 50

export interface StoredMail extends Pick<Mail, 'to' | 'subject' | 'text'> {
  /** Unix milliseconds. */
  at: number
}

/** Newest first. */
export const latestMail = async ({ activity }: Store, box: SecretBox): Promise<StoredMail[]> => {
  const rows = await activity
    .selectFrom('outbox')
    .select(['id', 'sealed', 'created_at'])
    .where('sealed', '<>', '')
    .orderBy('id', 'desc')
    .limit(most)
    .execute()
  return rows.map(({ id, sealed, created_at }) => ({ ...openMail(box, id, sealed), at: created_at }))
}
