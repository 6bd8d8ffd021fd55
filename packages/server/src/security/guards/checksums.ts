// The checksums of card numbers and IBANs: most digit strings that look like one are none, and many have more digits right behind them.

/** How much of the text is a card number: 12 to 19 digits by Luhn's rule, up to a gap or the end; 0 for none. */
export function cardLength(text: string): number {
  return longestGroup(text, (part) => isCardNumber(part.replaceAll(/\D/g, "")))
}

/** How much of the text is an IBAN by ISO 13616: 15 to 34 characters of which the rest modulo 97 is 1; 0 for none. */
export function ibanLength(text: string): number {
  return longestGroup(text, (part) => isIban(part.replaceAll(/[ -]/g, "")))
}

/** The longest beginning that ends at a gap or the end and passes the check. */
function longestGroup(text: string, isOne: (part: string) => boolean): number {
  for (let end = text.length; end > 0; end = Math.max(text.lastIndexOf(" ", end - 1), text.lastIndexOf("-", end - 1)))
    if (isOne(text.slice(0, end))) return end
  return 0
}

function isCardNumber(digits: string): boolean {
  if (digits.length < 12 || digits.length > 19 || /^0+$/.test(digits)) return false
  let sum = 0
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at])
    const weighted = at % 2 === 1 ? digit * 2 : digit
    sum += weighted > 9 ? weighted - 9 : weighted
  }
  return sum % 10 === 0
}

function isIban(iban: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return false
  let rest = 0
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}
