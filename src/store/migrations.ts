// Forward migrations, in order; a list only ever grows. SQL that SQLite and Postgres both take.

export interface Migration {
  name: string
  statements: readonly string[]
}

export const mainMigrations: readonly Migration[] = [
  {
    name: '001-foundation',
    statements: [
      `CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
      `CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, operator INTEGER NOT NULL,
        password_hash TEXT, suspended_at BIGINT, created_at BIGINT NOT NULL)`,
      `CREATE TABLE organizations (id TEXT PRIMARY KEY, name TEXT NOT NULL, tier TEXT NOT NULL CHECK (tier IN ('free', 'pro', 'enterprise')),
        suspended_at BIGINT, created_at BIGINT NOT NULL)`,
      `CREATE TABLE members (organization_id TEXT NOT NULL REFERENCES organizations ON DELETE CASCADE, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')), created_at BIGINT NOT NULL, PRIMARY KEY (organization_id, user_id))`,
      `CREATE INDEX members_by_user ON members (user_id, organization_id)`,
      `CREATE TABLE credentials (id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('api_key', 'personal_access_token', 'legacy_token')),
        hash TEXT NOT NULL UNIQUE, hint TEXT NOT NULL, name TEXT NOT NULL, user_id TEXT NOT NULL,
        organization_id TEXT REFERENCES organizations ON DELETE CASCADE, all_organizations INTEGER NOT NULL, environment TEXT NOT NULL,
        scopes TEXT, apis TEXT, lineage_id TEXT NOT NULL, replaces TEXT, created_at BIGINT NOT NULL, expires_at BIGINT, revoked_at BIGINT)`,
      `CREATE INDEX credentials_by_organization ON credentials (organization_id, kind, id)`,
      `CREATE INDEX credentials_by_user ON credentials (user_id, kind, id)`,
      `CREATE INDEX credentials_by_kind ON credentials (kind, id)`,
      `CREATE UNIQUE INDEX credentials_by_replaced ON credentials (replaces) WHERE replaces IS NOT NULL`,
      `CREATE INDEX credentials_by_expiry ON credentials (expires_at) WHERE expires_at IS NOT NULL`,
      `CREATE INDEX credentials_by_revocation ON credentials (revoked_at) WHERE revoked_at IS NOT NULL`,
      `CREATE TABLE credential_organizations (credential_id TEXT NOT NULL REFERENCES credentials ON DELETE CASCADE,
        organization_id TEXT NOT NULL REFERENCES organizations ON DELETE CASCADE, PRIMARY KEY (credential_id, organization_id))`,
      `CREATE INDEX credential_organizations_by_organization ON credential_organizations (organization_id)`,
      `CREATE TABLE clients (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL REFERENCES organizations ON DELETE CASCADE, name TEXT NOT NULL,
        public INTEGER NOT NULL, pkce TEXT NOT NULL, redirect_uris TEXT NOT NULL, scopes TEXT, grants TEXT NOT NULL, environment TEXT NOT NULL,
        apis TEXT, created_by TEXT, created_at BIGINT NOT NULL)`,
      `CREATE INDEX clients_by_organization ON clients (organization_id, id)`,
      `CREATE TABLE client_secrets (id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE, hash TEXT NOT NULL,
        hint TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT)`,
      `CREATE INDEX client_secrets_by_client ON client_secrets (client_id)`,
      `CREATE INDEX client_secrets_by_expiry ON client_secrets (expires_at) WHERE expires_at IS NOT NULL`,
      `CREATE TABLE signing_keys (id TEXT PRIMARY KEY, algorithm TEXT NOT NULL, api TEXT, public_jwk TEXT, sealed TEXT NOT NULL,
        created_at BIGINT NOT NULL, retired_at BIGINT, expires_at BIGINT)`,
      `CREATE UNIQUE INDEX signing_keys_current ON signing_keys (algorithm, coalesce(api, '')) WHERE retired_at IS NULL`,
      `CREATE TABLE links (hash TEXT PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT REFERENCES users ON DELETE CASCADE, created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL, used_at BIGINT)`,
      `CREATE INDEX links_by_expiry ON links (expires_at)`,
      `CREATE TABLE audit (id TEXT PRIMARY KEY, at BIGINT NOT NULL, actor_kind TEXT NOT NULL, actor_id TEXT NOT NULL, action TEXT NOT NULL,
        target_kind TEXT NOT NULL, target_id TEXT NOT NULL, organization_id TEXT, ip TEXT, request_id TEXT, detail TEXT)`,
      `CREATE INDEX audit_by_organization ON audit (organization_id, id)`,
    ],
  },
  {
    // clients may belong to no organization: those that register themselves, and the command line
    name: '002-clients-of-nobody',
    statements: [
      `ALTER TABLE clients RENAME TO clients_before`,
      `CREATE TABLE clients (id TEXT PRIMARY KEY, organization_id TEXT REFERENCES organizations ON DELETE CASCADE, name TEXT NOT NULL,
        public INTEGER NOT NULL, pkce TEXT NOT NULL, redirect_uris TEXT NOT NULL, scopes TEXT, grants TEXT NOT NULL, environment TEXT NOT NULL,
        apis TEXT, created_by TEXT, created_at BIGINT NOT NULL, jwks TEXT, jwks_uri TEXT, dpop_bound INTEGER NOT NULL, par_required INTEGER NOT NULL,
        subject_type TEXT NOT NULL CHECK (subject_type IN ('public', 'pairwise')), post_logout_redirect_uris TEXT NOT NULL, uri TEXT,
        registration TEXT NOT NULL CHECK (registration IN ('managed', 'dynamic', 'document', 'built_in')), registration_hash TEXT, stale_at BIGINT)`,
      `INSERT INTO clients SELECT id, organization_id, name, public, pkce, redirect_uris, scopes, grants, environment, apis, created_by, created_at,
        NULL, NULL, 0, 0, 'public', '[]', NULL, 'managed', NULL, NULL FROM clients_before`,
      `CREATE TABLE secrets_after (id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE, hash TEXT NOT NULL,
        hint TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT)`,
      `INSERT INTO secrets_after SELECT id, client_id, hash, hint, created_at, expires_at FROM client_secrets`,
      `DROP TABLE client_secrets`,
      `DROP TABLE clients_before`,
      `ALTER TABLE secrets_after RENAME TO client_secrets`,
      `CREATE INDEX clients_by_organization ON clients (organization_id, id)`,
      `CREATE INDEX clients_by_staleness ON clients (stale_at) WHERE stale_at IS NOT NULL`,
      `CREATE INDEX client_secrets_by_client ON client_secrets (client_id)`,
      `CREATE INDEX client_secrets_by_expiry ON client_secrets (expires_at) WHERE expires_at IS NOT NULL`,
    ],
  },
  {
    name: '003-authorization-server',
    statements: [
      `CREATE TABLE sessions (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
        created_at BIGINT NOT NULL, authenticated_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, ip TEXT, user_agent TEXT)`,
      `CREATE INDEX sessions_by_user ON sessions (user_id, id)`,
      `CREATE INDEX sessions_by_expiry ON sessions (expires_at)`,
      `CREATE TABLE consents (id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE, client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE,
        organization_id TEXT REFERENCES organizations ON DELETE CASCADE, api TEXT NOT NULL, scopes TEXT NOT NULL, created_at BIGINT NOT NULL)`,
      `CREATE UNIQUE INDEX consents_by_user ON consents (user_id, client_id, api, coalesce(organization_id, ''))`,
      `CREATE INDEX consents_by_client ON consents (client_id)`,
      `CREATE INDEX consents_by_organization ON consents (organization_id)`,
      `CREATE TABLE grants (id TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
        organization_id TEXT REFERENCES organizations ON DELETE CASCADE, all_organizations INTEGER NOT NULL, api TEXT NOT NULL, scopes TEXT NOT NULL,
        authenticated_at BIGINT NOT NULL, jkt TEXT, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, revoked_at BIGINT)`,
      `CREATE INDEX grants_by_client ON grants (client_id)`,
      `CREATE INDEX grants_by_user ON grants (user_id, client_id)`,
      `CREATE INDEX grants_by_organization ON grants (organization_id)`,
      `CREATE INDEX grants_by_expiry ON grants (expires_at)`,
      `CREATE TABLE codes (hash TEXT PRIMARY KEY, grant_id TEXT NOT NULL REFERENCES grants ON DELETE CASCADE, redirect_uri TEXT, code_challenge TEXT,
        nonce TEXT, jkt TEXT, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, redeemed_at BIGINT)`,
      `CREATE INDEX codes_by_grant ON codes (grant_id)`,
      `CREATE INDEX codes_by_expiry ON codes (expires_at)`,
      `CREATE TABLE refresh_tokens (hash TEXT PRIMARY KEY, grant_id TEXT NOT NULL REFERENCES grants ON DELETE CASCADE, created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL, rotated_at BIGINT, rotated_jkt TEXT)`,
      `CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id)`,
      `CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)`,
      `CREATE TABLE device_codes (hash TEXT PRIMARY KEY, user_code_hash TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL REFERENCES clients ON DELETE CASCADE, api TEXT NOT NULL,
        scopes TEXT NOT NULL, jkt TEXT, ip TEXT, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, denied_at BIGINT, grant_id TEXT REFERENCES grants ON DELETE CASCADE)`,
      `CREATE INDEX device_codes_by_client ON device_codes (client_id)`,
      `CREATE INDEX device_codes_by_grant ON device_codes (grant_id)`,
      `CREATE INDEX device_codes_by_expiry ON device_codes (expires_at)`,
      `CREATE TABLE revoked_tokens (id TEXT PRIMARY KEY, expires_at BIGINT NOT NULL)`,
      `CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at)`,
    ],
  },
  {
    name: '004-clients-by-registration',
    statements: [`CREATE INDEX clients_by_registration ON clients (registration, created_at)`],
  },
  {
    name: '005-actors-by-person',
    statements: [
      `ALTER TABLE audit ADD COLUMN user_id TEXT`,
      // whom a list may be of × what they did: src/audit/search.ts reads the end of each range
      `CREATE INDEX audit_by_target ON audit (target_id, id)`,
      ...['', 'organization_id, '].flatMap((organization) =>
        ['', 'user_id, ', 'actor_id, '].map(
          (who) =>
            `CREATE INDEX audit_by_${(organization + who).replaceAll('_id, ', '_')}action ON audit (${organization}${who}action, id)`,
        ),
      ),
    ],
  },
  {
    name: '006-second-factors',
    statements: [
      `ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd'`,
      `ALTER TABLE sessions ADD COLUMN idle_ms BIGINT NOT NULL DEFAULT 1209600000`,
      `ALTER TABLE grants ADD COLUMN methods TEXT NOT NULL DEFAULT ''`,
      `CREATE TABLE totp (user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE, sealed TEXT NOT NULL, created_at BIGINT NOT NULL,
        last_step BIGINT NOT NULL)`,
      `CREATE TABLE recovery_codes (hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE, created_at BIGINT NOT NULL, used_at BIGINT)`,
      `CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id)`,
      `CREATE TABLE passkeys (id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE, credential_id TEXT NOT NULL UNIQUE,
        public_key TEXT NOT NULL, sign_count BIGINT NOT NULL, transports TEXT NOT NULL, name TEXT NOT NULL, backed_up INTEGER NOT NULL,
        created_at BIGINT NOT NULL, last_used_at BIGINT)`,
      `CREATE INDEX passkeys_by_user ON passkeys (user_id)`,
    ],
  },
  {
    name: '007-joining',
    statements: [
      `ALTER TABLE users ADD COLUMN email_verified_at BIGINT`,
      `CREATE TABLE invitations (id TEXT PRIMARY KEY, organization_id TEXT REFERENCES organizations ON DELETE CASCADE, email TEXT NOT NULL,
        role TEXT CHECK (role IN ('owner', 'admin', 'member', 'viewer')), hash TEXT NOT NULL UNIQUE, inviter_kind TEXT NOT NULL, inviter_id TEXT NOT NULL,
        created_at BIGINT NOT NULL, sent_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, accepted_at BIGINT, withdrawn_at BIGINT)`,
      `CREATE INDEX invitations_by_organization ON invitations (organization_id, id)`,
      `CREATE INDEX invitations_by_email ON invitations (email)`,
      `CREATE INDEX invitations_by_inviter ON invitations (inviter_id, created_at)`,
      `CREATE INDEX invitations_by_expiry ON invitations (expires_at)`,
      `CREATE TABLE identities (id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE, issuer TEXT NOT NULL, subject TEXT NOT NULL,
        email TEXT, created_at BIGINT NOT NULL, UNIQUE (issuer, subject))`,
      `CREATE INDEX identities_by_user ON identities (user_id)`,
    ],
  },
  {
    name: '008-networks-of-keys',
    statements: [`ALTER TABLE credentials ADD COLUMN networks TEXT`],
  },
  {
    name: '009-webhooks',
    statements: [
      `CREATE TABLE webhooks (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL REFERENCES organizations ON DELETE CASCADE, url TEXT NOT NULL,
        sealed TEXT NOT NULL, former_sealed TEXT, former_until BIGINT, events TEXT, created_by TEXT, created_at BIGINT NOT NULL, disabled_at BIGINT,
        disabled_why TEXT CHECK (disabled_why IN ('person', 'failing', 'gone')))`,
      `CREATE INDEX webhooks_by_organization ON webhooks (organization_id, id)`,
      `CREATE TABLE alert_settings (organization_id TEXT PRIMARY KEY REFERENCES organizations ON DELETE CASCADE, settings TEXT NOT NULL)`,
    ],
  },
  {
    name: '010-successors-of-legacy-tokens',
    statements: [
      `ALTER TABLE credentials ADD COLUMN succeeds TEXT`,
      `CREATE INDEX credentials_by_succeeded ON credentials (succeeds) WHERE succeeds IS NOT NULL`,
    ],
  },
  {
    name: '011-addresses-asked-for',
    statements: [
      `CREATE TABLE address_requests (user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE, email TEXT NOT NULL, standing TEXT NOT NULL,
        expires_at BIGINT NOT NULL)`,
    ],
  },
]

export const activityMigrations: readonly Migration[] = [
  {
    name: '001-activity',
    statements: [
      `CREATE TABLE counters (id TEXT PRIMARY KEY, period_start BIGINT NOT NULL, period_end BIGINT NOT NULL, taken BIGINT NOT NULL)`,
      `CREATE INDEX counters_by_end ON counters (period_end)`,
      `CREATE TABLE slices (counter_id TEXT NOT NULL REFERENCES counters ON DELETE CASCADE, holder TEXT NOT NULL, amount BIGINT NOT NULL,
        taken_at BIGINT NOT NULL, PRIMARY KEY (counter_id, holder))`,
      `CREATE TABLE last_used (credential_id TEXT PRIMARY KEY, last_used_at BIGINT NOT NULL)`,
    ],
  },
  {
    name: '002-used-ids',
    statements: [
      `CREATE TABLE used_ids (id TEXT PRIMARY KEY, expires_at BIGINT NOT NULL)`,
      `CREATE INDEX used_ids_by_expiry ON used_ids (expires_at)`,
    ],
  },
  {
    // here, because anybody may push and poll: it must not empty the caches of the main file
    name: '003-pushes-and-polls',
    statements: [
      `CREATE TABLE pushed_requests (hash TEXT PRIMARY KEY, client_id TEXT NOT NULL, parameters TEXT NOT NULL, opened INTEGER NOT NULL,
        expires_at BIGINT NOT NULL)`,
      `CREATE INDEX pushed_requests_by_client ON pushed_requests (client_id, expires_at)`,
      `CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at)`,
      `CREATE TABLE device_polls (hash TEXT PRIMARY KEY, polled_at BIGINT NOT NULL, early INTEGER NOT NULL, interval_ms BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
      `CREATE INDEX device_polls_by_expiry ON device_polls (expires_at)`,
    ],
  },
  {
    // here, because it is written whenever a token is made: it must not empty the caches of the main file
    name: '004-status-lists',
    statements: [
      `CREATE TABLE status_entries (token_id TEXT PRIMARY KEY, list_id TEXT NOT NULL, list_index BIGINT NOT NULL,
        origin_kind TEXT NOT NULL CHECK (origin_kind IN ('client', 'grant', 'credential')), origin_id TEXT NOT NULL, organization_id TEXT,
        expires_at BIGINT NOT NULL)`,
      `CREATE UNIQUE INDEX status_entries_by_place ON status_entries (list_id, list_index)`,
      `CREATE INDEX status_entries_by_expiry ON status_entries (expires_at)`,
    ],
  },
  {
    name: '005-use',
    statements: [
      `CREATE TABLE usage (owner_id TEXT NOT NULL, width TEXT NOT NULL CHECK (width IN ('hour', 'day')), bucket BIGINT NOT NULL, api TEXT NOT NULL,
        environment TEXT NOT NULL, credential_id TEXT NOT NULL, code TEXT NOT NULL, count BIGINT NOT NULL,
        PRIMARY KEY (owner_id, width, bucket, api, environment, credential_id, code))`,
      `CREATE INDEX usage_by_bucket ON usage (width, bucket)`,
      `CREATE INDEX usage_by_credential ON usage (credential_id, width, bucket)`,
      `CREATE TABLE usage_totals (owner_id TEXT NOT NULL, width TEXT NOT NULL CHECK (width IN ('hour', 'day')), bucket BIGINT NOT NULL, api TEXT NOT NULL,
        environment TEXT NOT NULL, code TEXT NOT NULL, count BIGINT NOT NULL, units BIGINT NOT NULL, PRIMARY KEY (owner_id, width, bucket, api, environment, code))`,
      `CREATE INDEX usage_totals_by_bucket ON usage_totals (width, bucket)`,
      `CREATE TABLE sightings (credential_id TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('network', 'agent', 'endpoint')), value TEXT NOT NULL,
        first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, count BIGINT NOT NULL, PRIMARY KEY (credential_id, kind, value))`,
      `CREATE INDEX sightings_by_last ON sightings (last_at)`,
      `CREATE TABLE decisions (id TEXT PRIMARY KEY, at BIGINT NOT NULL, owner_id TEXT NOT NULL, api TEXT NOT NULL, environment TEXT, credential_kind TEXT,
        credential_id TEXT, code TEXT NOT NULL, failed_check TEXT, detail TEXT, method TEXT, path TEXT, ip TEXT, user_agent TEXT, request_id TEXT)`,
      `CREATE INDEX decisions_by_owner ON decisions (owner_id, id)`,
      `CREATE INDEX decisions_by_time ON decisions (at)`,
    ],
  },
  {
    name: '006-outbox',
    statements: [
      `CREATE TABLE outbox (id TEXT PRIMARY KEY, sealed TEXT NOT NULL, recipient TEXT NOT NULL, by_stranger INTEGER NOT NULL, created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL, attempts INTEGER NOT NULL, next_at BIGINT NOT NULL, sent_at BIGINT)`,
      `CREATE INDEX outbox_by_recipient ON outbox (recipient, created_at)`,
      `CREATE INDEX outbox_by_next ON outbox (next_at) WHERE sent_at IS NULL`,
      `CREATE INDEX outbox_by_expiry ON outbox (expires_at)`,
    ],
  },
  {
    name: '007-alerts',
    statements: [
      `CREATE TABLE alerts (id TEXT PRIMARY KEY, organization_id TEXT, user_id TEXT, kind TEXT NOT NULL, subject_kind TEXT NOT NULL, subject_id TEXT NOT NULL,
        once TEXT NOT NULL UNIQUE, detail TEXT NOT NULL, created_at BIGINT NOT NULL, dismissed_at BIGINT, tell_at BIGINT)`,
      `CREATE INDEX alerts_by_organization ON alerts (organization_id, id)`,
      `CREATE INDEX alerts_by_user ON alerts (user_id, id)`,
      `CREATE INDEX alerts_open_by_organization ON alerts (organization_id, id) WHERE dismissed_at IS NULL`,
      `CREATE INDEX alerts_open_by_user ON alerts (user_id, id) WHERE dismissed_at IS NULL`,
      `CREATE INDEX alerts_by_telling ON alerts (tell_at) WHERE tell_at IS NOT NULL`,
      // what alerts are raised from
      `CREATE INDEX usage_totals_denied ON usage_totals (bucket, owner_id) WHERE width = 'hour' AND code <> 'valid'`,
      `CREATE INDEX sightings_of_networks ON sightings (first_at, credential_id) WHERE kind = 'network'`,
      `CREATE TABLE webhook_deliveries (id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL, message_id TEXT NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL,
        attempts TEXT NOT NULL, attempts_left INTEGER NOT NULL, next_at BIGINT, created_at BIGINT NOT NULL, delivered_at BIGINT, UNIQUE (webhook_id, message_id))`,
      `CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id)`,
      `CREATE INDEX webhook_deliveries_by_next ON webhook_deliveries (next_at) WHERE next_at IS NOT NULL`,
      `CREATE TABLE webhook_failures (webhook_id TEXT PRIMARY KEY, since BIGINT NOT NULL)`,
    ],
  },
]

/**
 * On Postgres a slice is taken by one statement: the function locks the counter's row, then sees what every transaction before it left.
 * Which stored period is the present one, and how much is granted, is as in period.ts (`present`, `grant`).
 */
const takeSlice = `
CREATE FUNCTION take_slice(counter TEXT, own_holder TEXT, at BIGINT, fresh_start BIGINT, fresh_end BIGINT, earliest_start BIGINT, latest_start BIGINT,
  latest_end BIGINT, units BIGINT, needed BIGINT, wanted BIGINT, stale BIGINT, durable BOOLEAN,
  OUT granted BIGINT, OUT taken_in_all BIGINT, OUT started BIGINT, OUT ends BIGINT)
LANGUAGE plpgsql AS $$
DECLARE
  stored counters%ROWTYPE;
  begun BOOLEAN;
  held BIGINT := 0;
  room BIGINT;
BEGIN
  IF NOT durable THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
  LOOP
    SELECT * INTO stored FROM counters WHERE id = counter FOR UPDATE;
    EXIT WHEN FOUND;
    INSERT INTO counters (id, period_start, period_end, taken) VALUES (counter, 0, 0, 0) ON CONFLICT (id) DO NOTHING;
  END LOOP;
  begun := stored.period_end > at AND stored.period_start BETWEEN earliest_start AND latest_start;
  IF begun THEN
    SELECT coalesce(sum(amount), 0) INTO held FROM slices WHERE counter_id = counter AND holder <> own_holder AND taken_at > stale;
    started := stored.period_start;
    ends := least(stored.period_end, latest_end);
    taken_in_all := stored.taken;
  ELSE
    started := fresh_start;
    ends := fresh_end;
    taken_in_all := 0;
  END IF;
  granted := 0;
  IF units - taken_in_all >= needed THEN
    room := units / 5 - held;
    granted := needed + greatest(0, least(wanted - needed, room, units - taken_in_all - needed));
    taken_in_all := taken_in_all + granted;
    IF NOT begun THEN
      DELETE FROM slices WHERE counter_id = counter;
    END IF;
    UPDATE counters SET period_start = started, period_end = ends, taken = taken_in_all WHERE id = counter;
    INSERT INTO slices (counter_id, holder, amount, taken_at) VALUES (counter, own_holder, granted - needed, at)
      ON CONFLICT (counter_id, holder) DO UPDATE SET amount = excluded.amount, taken_at = excluded.taken_at;
  END IF;
END
$$`

export const postgresActivityMigrations: readonly Migration[] = [
  ...activityMigrations,
  {
    name: '001-postgres-counters',
    // ids are compared by their bytes, so that those with one prefix lie together whatever the database's locale
    statements: [
      `ALTER TABLE counters ALTER COLUMN id TYPE TEXT COLLATE "C"`,
      `ALTER TABLE slices ALTER COLUMN counter_id TYPE TEXT COLLATE "C"`,
      takeSlice,
    ],
  },
]
