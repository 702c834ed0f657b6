/** What a script on a machine ended with. */
export interface Outcome {
  /** Exit code; 0 is success. */
  code: number
  stdout: string
  stderr: string
}

/** How a machine is reached. Runs everything as root. */
export interface Transport {
  /** Runs bash with `set -euo pipefail` and closed stdin. */
  run(script: string): Promise<Outcome>
  /** Copies a file of the operator to the machine, mode 0600. */
  upload(file: string, remote: string): Promise<void>
  /** The same script as a command that a reader can paste. */
  paste(script: string): string
  /** Ends the connection. */
  close(): void
}
