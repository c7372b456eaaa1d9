// Makes an organization and goes there.
import { useNavigate } from '@tanstack/react-router'
import { api } from '../../api/client.ts'
import { type Organization, queryClient } from '../../api/queries.ts'
import { FormDialog } from '../../kit/dialog.tsx'
import { TextField } from '../../kit/field.tsx'
import { toast } from '../../kit/toast.tsx'

export const CreateOrganization = ({ onClose }: { onClose: () => void }) => {
  const navigate = useNavigate()
  const create = async (form: FormData): Promise<void> => {
    const { id, name } = await api.post<Organization>('/organizations', { name: form.get('name') })
    await queryClient.invalidateQueries({ queryKey: ['organizations', 'list'] })
    onClose()
    toast(`${name} is there.`)
    await navigate({ to: '/organizations/$organizationId', params: { organizationId: id } })
  }
  return (
    <FormDialog title="Create an organization" submit="Create organization" onSubmit={create} onClose={onClose}>
      <TextField
        name="name"
        label="Name"
        required
        maxLength={200}
        autoFocus
        hint="As your colleagues will look for it. It can be changed later."
      />
    </FormDialog>
  )
}
