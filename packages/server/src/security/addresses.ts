// Which network addresses are public: only those may be opened for a client, a model or a tool.
import ipaddr from "ipaddr.js"

/** Public by their range, but not by what answers there. */
const notPublic = new Set(["168.63.129.16"]) // the host of an Azure machine

/** True for a literal that anyone on the internet could reach. False for everything else, names included. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || notPublic.has(address)) return false
  const parsed = ipaddr.parse(address)
  // Ranges that carry another address inside (mapped, 6to4, Teredo, NAT64) have names of their own, so they are not unicast.
  if (parsed.range() !== "unicast") return false
  if (parsed instanceof ipaddr.IPv4) return true
  // All public IPv6 lies in 2000::/3; outside of it `unicast` only means that no name is known, as for the old `::a.b.c.d`.
  return ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000
}

/** Where a cloud tells a machine about itself and gives it credentials; no declared origin leads there. */
export function isMetadataAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() === "linkLocal" || notPublic.has(parsed.toString())) return true
  return parsed instanceof ipaddr.IPv6 && parsed.parts[0] === 0xfd00 && parsed.parts[1] === 0xec2
}

/** The literal in a URL's host name without brackets, or undefined for a name. */
export function literalOf(hostname: string): string | undefined {
  const bare = hostname.startsWith("[") && hostname.endsWith("]") ? hostname.slice(1, -1) : hostname
  return ipaddr.isValid(bare) ? bare : undefined
}

/** Ports of protocols that a line of HTTP can be mistaken for (the list of the Fetch standard). */
export const blockedPorts: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
  119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
  989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
])
