// A JSON Schema as a TypeScript type, for the words that the server's schemas use.

const quoted = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name))

const literal = (value) =>
  typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : JSON.stringify(value)

const unionOf = (types) => [...new Set(types)].join(' | ')

const grouped = (type) => (type.includes(' | ') || type.startsWith('readonly ') ? `(${type})` : type)

export const commentOf = (text, depth) =>
  text ? `${'  '.repeat(depth)}/** ${text.replaceAll('*/', '*\\/').replaceAll('\n', ' ')} */\n` : ''

const objectType = ({ properties = {}, required = [], additionalProperties, patternProperties }, depth) => {
  const names = Object.keys(properties)
  if (names.length === 0) {
    const [others = additionalProperties] = Object.values(patternProperties ?? {})
    if (typeof others === 'object') return `Record<string, ${typeOf(others, depth)}>`
    return additionalProperties === false ? 'Record<never, never>' : 'Record<string, unknown>'
  }
  const members = names.map((name) => {
    const schema = properties[name]
    const type = typeOf(schema, depth + 1)
    const member = required.includes(name)
      ? `${quoted(name)}: ${type}`
      : `${quoted(name)}?: ${unionOf([type, 'undefined'])}`
    return `${commentOf(schema.description, depth + 1)}${'  '.repeat(depth + 1)}${member}`
  })
  return `{\n${members.join('\n')}\n${'  '.repeat(depth)}}`
}

const ofType = (type, schema, depth) => {
  switch (type) {
    case 'object':
      return objectType(schema, depth)
    case 'array':
      return `readonly ${schema.items ? grouped(typeOf(schema.items, depth)) : 'unknown'}[]`
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return type
    default:
      return 'unknown'
  }
}

/** Whether the choices are but conditions on a value whose type stands beside them. */
const areConditions = (choices) =>
  choices.every(({ type, enum: values, const: value, anyOf }) => !type && !values && value === undefined && !anyOf)

/** `depth`: how far its members are indented. */
export const typeOf = (schema, depth) => {
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return unionOf(schema.enum.map(literal))
  const choices = schema.anyOf ?? schema.oneOf
  if (choices && !areConditions(choices)) return unionOf(choices.map((choice) => typeOf(choice, depth)))
  if (schema.allOf) return schema.allOf.map((part) => grouped(typeOf(part, depth))).join(' & ')
  const type = schema.type ?? (schema.properties ? 'object' : undefined)
  return Array.isArray(type) ? unionOf(type.map((one) => ofType(one, schema, depth))) : ofType(type, schema, depth)
}
