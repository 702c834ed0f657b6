import {
  type Recording,
  readRecordedPages,
  readRecording,
} from '../../commands/docs/recorded.ts'

export type { Recording }
export { readRecording as recordingOf }

/** What a command block of a page printed when it was last run. */
export function outputOf(block: string, page: string): string[] | undefined {
  const step = /^steps\/(\d\d)-/.exec(page)?.[1]
  const commands = step
    ? readRecording(step)?.commands
    : readRecordedPages()?.pages[page]
  return commands?.[block]
}

/** 12400 → `12 s`, 130000 → `2 min 10 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** Bytes in the unit that leaves a number people can hold in their head. */
export function bytes(count: number): string {
  const mebibytes = count / 2 ** 20
  if (mebibytes >= 1024) return `${(mebibytes / 1024).toFixed(1)} GiB`
  if (mebibytes >= 10) return `${Math.round(mebibytes)} MiB`
  if (mebibytes >= 0.1) return `${mebibytes.toFixed(1)} MiB`
  return `${Math.max(0, Math.round(count / 1024))} KiB`
}
