// More clients than anybody would register one by one.
import { type Kysely, sql } from 'kysely'
import type { Schema } from '../../src/store/schema.ts'

/** Clients of nobody, which came as `registration` says; their ids begin with `prefix`. */
export const fillWithClients = async (
  trx: Kysely<Schema>,
  registration: 'dynamic' | 'document',
  count: number,
  prefix = 'many',
): Promise<void> => {
  await sql`INSERT INTO clients (id, organization_id, name, public, pkce, redirect_uris, scopes, grants, environment, apis, created_by, created_at,
      jwks, jwks_uri, dpop_bound, par_required, subject_type, post_logout_redirect_uris, uri, registration, registration_hash, stale_at)
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
    SELECT ${prefix} || n, NULL, 'Client', 1, 'required', '[]', NULL, '[]', 'live', NULL, NULL, 0,
      NULL, NULL, 0, 0, 'public', '[]', NULL, ${registration}, NULL, 0 FROM numbers`.execute(trx)
}
