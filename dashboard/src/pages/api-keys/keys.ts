// API keys as the pages know them: where they are asked for, who may do what with them, and what scopes there are to give.
import type { Role } from '../../../../src/store/schema.ts'
import type { ApiKeyJson } from '../../../../src/credentials/tell-api-keys.ts'
import { api } from '../../api/client.ts'
import { type Organization, queryClient, useDeployment, useMe, useOrganization } from '../../api/queries.ts'

export type ApiKey = ApiKeyJson
export type NewApiKey = ApiKey & { key: string }

export const keysPath = (organizationId: string): string => `/organizations/${organizationId}/api-keys`
export const keysKey = (organizationId: string) => ['organizations', organizationId, 'api-keys'] as const

export const refreshKeys = (organizationId: string): Promise<void> =>
  queryClient.invalidateQueries({ queryKey: keysKey(organizationId) })

export const revokeKey = async ({ organization_id, id }: ApiKey): Promise<void> => {
  await api.delete(`${keysPath(organization_id)}/${id}`)
  await refreshKeys(organization_id)
}

export interface KeyRights {
  /** Makes keys of their own. */
  create: boolean
  /** Manages everybody's. */
  all: boolean
  manages: (key: ApiKey) => boolean
  role: Role
}

/** What whoever is signed in may do with the organization's keys. */
export const useKeyRights = (organizationId: string): KeyRights => {
  const { id, operator } = useMe()
  const { role }: Organization = useOrganization(organizationId)
  const all = operator || role === 'owner' || role === 'admin'
  const create = role !== null && role !== 'viewer'
  return {
    create,
    all,
    manages: (key) => all || (create && key.created_by === id),
    role: role ?? 'owner',
  }
}

export interface OfferedScope {
  name: string
  description: string
  /** Whether the role covers it at every API that has it: only then may it be given. */
  covered: boolean
}

/** The scopes of the APIs, each once. `held`: names of APIs; null: all. */
export const useOfferedScopes = (held: readonly string[] | null, role: Role): OfferedScope[] => {
  const found = new Map<string, OfferedScope>()
  for (const { name: apiName, scopes } of useDeployment().apis) {
    if (held !== null && !held.includes(apiName)) continue
    for (const { name, description, roles } of scopes) {
      const covered = roles.includes(role)
      const known = found.get(name)
      if (known) known.covered &&= covered
      else found.set(name, { name, description, covered })
    }
  }
  return [...found.values()]
}

export const wordsOf = (scopes: string | null): string[] => scopes?.split(' ').filter(Boolean) ?? []
