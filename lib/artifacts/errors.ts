import { GuideError } from '../errors.ts'

/** A source cannot give an artifact: the next source is tried. */
export class UnavailableError extends GuideError {
  override name = 'UnavailableError'
}

/** A server gave up in the middle: the same request may work again. */
export class InterruptedError extends UnavailableError {
  override name = 'InterruptedError'
}

/**
 * What arrived is not what its publisher made. Nothing of it is kept and no
 * other source is tried: somebody has to look.
 */
export class ChecksumError extends GuideError {
  override name = 'ChecksumError'
}
