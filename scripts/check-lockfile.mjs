// Fails where `npm ci` would on another machine: an optional dependency that is named in the lockfile but does not stand in it.
// Fails too where a package would run a script of its own at install.
import { readFileSync } from 'node:fs'

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const found = []
for (const [path, entry] of Object.entries(packages)) {
  for (const name of Object.keys({ ...entry.optionalDependencies, ...entry.dependencies })) {
    // resolution walks up the folders that enclose the dependent
    const folders = path
      .split('/node_modules/')
      .map((_, index, parts) => parts.slice(0, parts.length - index).join('/node_modules/'))
    const places = [...folders.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`]
    if (!places.some((place) => packages[place.replace(/^\//, '')]))
      found.push(`${path || 'the project'} names ${name}, which is not in the lockfile`)
  }
  if (path !== '' && entry.hasInstallScript) found.push(`${path} has an install script`)
}
if (found.length > 0) {
  console.error(`package-lock.json:\n${found.map((line) => `  - ${line}`).join('\n')}`)
  process.exit(1)
}
console.log(`package-lock.json: ${Object.keys(packages).length - 1} packages, complete, none with an install script`)
