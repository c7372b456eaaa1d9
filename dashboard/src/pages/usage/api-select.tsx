// One API of all, for filters; the management API among them.
import { useDeployment } from '../../api/queries.ts'
import { Select } from '../../kit/field.tsx'

export const ApiSelect = ({ value, onChange }: { value: string | undefined; onChange: (value: string) => void }) => {
  const { apis } = useDeployment()
  return (
    <Select label="API" quietLabel value={value ?? ''} onChange={(event) => onChange(event.target.value)}>
      <option value="">All APIs</option>
      {[...apis.map(({ name }) => name), 'latchkey'].map((name) => (
        <option key={name} value={name}>
          {name === 'latchkey' ? 'latchkey (management)' : name}
        </option>
      ))}
    </Select>
  )
}
