// nspell has no types of its own. Only what the spelling check uses.
declare module 'nspell' {
  interface Speller {
    correct(word: string): boolean
    add(word: string): Speller
  }
  export default function nspell(dictionary: {
    aff: Uint8Array
    dic: Uint8Array
  }): Speller
}
