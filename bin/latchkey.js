#!/usr/bin/env node
// The command line, from a checkout (TypeScript as it is) or from the packed package (compiled). Plain JavaScript: an older Node that is
// installed only hands over to the one that npm brings along.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { modulesFolder, pinnedNode, root } from './pinned-node.js'

const requiredMajor = 26

const run = async () => {
  // compiled code is kept with the packages that it belongs to; where that folder cannot be written, nothing is kept
  module.enableCompileCache(join(modulesFolder(), '.cache', 'latchkey'))
  const source = join(root, 'src', 'cli', 'main.ts')
  await import(pathToFileURL(existsSync(source) ? source : join(root, 'dist', 'cli', 'main.js')))
}

const handOver = (node) => {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // on a terminal the child gets the keyboard's signals itself
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  process.on('SIGINT', () => onTerminal || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  child.on('error', (error) => {
    console.error(`latchkey: ${node} cannot be run: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

const node = pinnedNode()
if (Number.parseInt(process.versions.node, 10) >= requiredMajor) await run()
else if (node !== undefined) handOver(node)
else {
  console.error(
    `latchkey: Node ${requiredMajor} or newer is needed; this is ${process.versions.node}. Install it, or reinstall with optional dependencies, which bring it.`,
  )
  process.exitCode = 1
}
