// Around the operators' pages. The server lets nobody else ask; this only says so in words.
import { Outlet } from '@tanstack/react-router'
import { useMe } from '../api/queries.ts'
import { NotFound } from './fallbacks.tsx'

export const OperatorFrame = () => (useMe().operator ? <Outlet /> : <NotFound />)
