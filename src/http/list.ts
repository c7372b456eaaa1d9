// How lists are asked for and answered: `?limit=&cursor=` → `{data, next_cursor}`. The paging itself is store/page.ts.
import { type TSchema, type TString, Type } from 'typebox'
import { defaultLimit, maxLimit } from '../store/page.ts'
import { maxSearchLength } from '../store/search.ts'
import { Id, Nullable } from './schemas.ts'

const limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: maxLimit, default: defaultLimit, description: 'Entries on one page.' }),
)
const cursor = Type.Optional(Type.Unsafe<string>({ ...Id, description: '`next_cursor` of the page before.' }))

/** Fields of a list's query, for lists that take filters too: `Type.Object({ ...listFields, action: … })`. */
export const listFields = { limit, cursor }

/** For lists that can be searched: `store/search.ts`. */
export const searchField = {
  q: Type.Optional(
    Type.String({
      maxLength: maxSearchLength,
      pattern: '^[^\\x00-\\x1f\\x7f]*$',
      description: 'A part of the name, whatever its case.',
    }),
  ),
}

export const listQuery = Type.Object(listFields, { additionalProperties: false })

/** A place in a list that can be sorted by other things than age: what comes next is found by more than an id. */
export const SortedCursor = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,2000}$',
  description: '`next_cursor` of the page before.',
})

/** In the place of `listFields`, for lists in several orders. */
export const sortedListFields = { limit, cursor: Type.Optional(SortedCursor) }

/** `cursor`: the form of its cursors. */
export const ListOf = <T extends TSchema>(entry: T, cursor: TString = Id) =>
  Type.Object({
    data: Type.Array(entry),
    next_cursor: Nullable(
      Type.Unsafe<string>({ ...cursor, description: '`cursor` of the next page; null: this is the last.' }),
    ),
  })
