// The profiles that ship with Latchkey, by name.
import { neutral } from './default.ts'
import { example } from './example.ts'
import { multi } from './multi.ts'
import type { Profile } from './profile.ts'
import { smally } from './smally.ts'
import { smoo } from './smoo.ts'
import { smoxy } from './smoxy.ts'

export const shipped: Readonly<Record<string, Profile>> = { default: neutral, smoo, smally, example, smoxy, multi }
