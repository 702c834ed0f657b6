import { type Port, ports } from '../ports.ts'
import { sh } from '../shell.ts'
import { type About, type Check, fine, lines, unfit } from './check.ts'
import { hostsBlock } from './hosts-file.ts'

const kubernetes = 'https://kubernetes.io/docs'
const portsAndProtocols = `${kubernetes}/reference/networking/ports-and-protocols/`

const { nodePorts } = ports

/** The ports that a program of the cluster opens; sshd has its own already. */
const opened: readonly Port[] = Object.values(ports).filter(
  (port) => port !== ports.ssh && port !== ports.nodePorts,
)

// From /proc, because `ss` may not be installed yet. Who holds a socket is
// looked up for the ports of interest alone, and without starting a program
// for each: on a machine of the cluster all of them are in use. Of hundreds of
// sockets few listen (0A): bash, which reads byte by byte, sees only those.
const listeners = {
  id: 'listeners',
  script: sh`
    wanted=${` ${opened.map(({ port }) => port).join(' ')} `}
    found= inodes=none
    while IFS=': ' read -r _ address port _ _ state _ _ _ _ _ _ _ inode _; do
      [ "$state" = 0A ] || continue
      port=$((16#$port))
      if [[ $wanted = *" $port "* ]] ||
        (( port >= ${nodePorts.port} && port <= ${nodePorts.last} )); then
        found+="$address $port $inode"$'\n'
        inodes+="|$inode"
      fi
    done < <(grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6)
    [ -n "$found" ] || exit 0
    held=$(find /proc/[0-9]*/fd -lname 'socket:*' -printf '%p %l\n' |
      grep -E "\[($inodes)\]")
    while read -r address port inode && [ -n "$port" ]; do
      program=unknown unit=
      while IFS='/ ' read -r _ _ pid _ _ link; do
        [ "$link" = "socket:[$inode]" ] || continue
        read -r program < "/proc/$pid/comm"
        while read -r line; do
          [[ $line != *.service* ]] || unit=$line
        done < "/proc/$pid/cgroup"
      done <<< "$held"
      echo "$address $port $program $unit"
    done <<< "$found"`,
}

const interfaces = {
  id: 'interfaces',
  script: sh`
    ip -o -4 address show
    cd /sys/class/net && grep -H . */mtu`,
}

const resolver = {
  id: 'resolver',
  script: sh`
    grep -h ^nameserver /etc/resolv.conf /run/systemd/resolve/resolv.conf`,
}

/** How the machine is connected: ports, addresses, names, firewalls. */
export const networkChecks: readonly Check[] = [
  {
    id: 'ports',
    title: 'The ports of the cluster are free, or held by the cluster',
    severity: 'blocks',
    wanted: opened.map(({ port }) => port).join(', '),
    why: 'a component that finds its port taken does not start',
    remedy: 'stop what holds the port, or have it listen elsewhere',
    look: 'ss -lntp',
    source: portsAndProtocols,
    probe: listeners,
    judge(printed, about) {
      const taken = readListeners(printed)
        .filter(({ port }) => port < nodePorts.port)
        .filter((listener) => isInTheWay(listener, about))
        .map(describe)
      return taken.length === 0
        ? fine('free, or ours')
        : unfit(taken.join(', '))
    },
  },
  {
    id: 'node-ports',
    title: 'No program uses the ports of Services of type NodePort',
    severity: 'advised',
    wanted: `nothing on ${nodePorts.port}-${nodePorts.last}`,
    why:
      'Kubernetes gives these ports to Services, and its rules take the ' +
      'packets before a program sees them',
    remedy:
      'have it listen elsewhere; for outgoing connections see ' +
      'net.ipv4.ip_local_port_range',
    look: `ss -lntp 'sport >= ${nodePorts.port} and sport <= ${nodePorts.last}'`,
    source: `${kubernetes}/concepts/services-networking/service/#type-nodeport`,
    probe: listeners,
    judge(printed) {
      const taken = readListeners(printed)
        .filter(({ port }) => port >= nodePorts.port)
        .map(describe)
      return taken.length === 0 ? fine('none') : unfit(taken.join(', '))
    },
  },
  {
    id: 'mtu',
    title: 'All machines send packets of the same size',
    severity: 'advised',
    wanted: 'one MTU on the interfaces that hold the machines’ addresses',
    why:
      'where it differs, small packets arrive and large ones vanish: ' +
      'connections open and then hang',
    remedy: 'ip link set dev INTERFACE mtu N, and in the network settings',
    look: 'ip link',
    source: 'https://www.rfc-editor.org/rfc/rfc2923#section-2.1',
    probe: interfaces,
    judge(printed, { machine, everywhere }) {
      const own = mtuOf(printed, machine.address)
      if (!own) return fine('unknown, see step 01 for the address')
      const all = everywhere.flatMap(({ printed, address }) => {
        const mtu = mtuOf(printed, address)
        return mtu ? [mtu] : []
      })
      const usual = mostFrequent(all)
      return own === usual
        ? fine(own)
        : unfit(`${own}, where most machines have ${usual}`)
    },
  },
  {
    id: 'localhost',
    title: 'localhost is 127.0.0.1',
    severity: 'prepared',
    wanted: '127.0.0.1',
    why: 'health checks, and the API of some programs, are asked there',
    remedy: 'step 02 writes it into /etc/hosts',
    look: 'getent ahostsv4 localhost',
    source: 'https://www.rfc-editor.org/rfc/rfc6761#section-6.3',
    probe: { id: 'localhost', script: sh`getent ahostsv4 localhost` },
    judge(printed) {
      const [address = 'nothing'] = printed.trim().split(/\s/)
      return address === '127.0.0.1'
        ? fine(address)
        : unfit(address || 'nothing')
    },
  },
  {
    id: 'machine-names',
    title: 'The machine knows all machines by name',
    severity: 'prepared',
    wanted: 'a block with every machine of cluster.yaml in /etc/hosts',
    why:
      'names in commands, logs and certificates then work without a DNS ' +
      'server, whatever the machines are called; containerd copies the file ' +
      'into pods of the host network, and fails without it',
    remedy: 'step 02 writes the block, and keeps the rest of the file',
    look: 'cat /etc/hosts',
    source: 'https://man7.org/linux/man-pages/man5/hosts.5.html',
    probe: { id: 'machine-names', script: sh`cat /etc/hosts` },
    judge(printed, { machines }) {
      if (printed.trim() === '') return unfit('no /etc/hosts, or an empty one')
      if (printed.includes(hostsBlock(machines))) return fine('all of them')
      return unfit('the block is missing, or names other machines')
    },
  },
  {
    id: 'resolver',
    title: 'Names of the outside can be resolved, by a server that pods reach',
    severity: 'advised',
    wanted: 'a nameserver in /etc/resolv.conf that is not on loopback',
    why:
      'cluster DNS hands on what it does not know to the servers of its ' +
      'machine; one on loopback would be cluster DNS itself, a loop at which ' +
      'CoreDNS ends',
    remedy:
      'name a server of your network; with systemd-resolved nothing is to be ' +
      'done, its list of real servers is used',
    look: 'cat /etc/resolv.conf',
    source: `${kubernetes}/tasks/administer-cluster/dns-debugging-resolution/#known-issues`,
    probe: resolver,
    judge(printed) {
      const servers = lines(printed).map((line) => line.split(/\s+/)[1] ?? '')
      if (servers.length === 0) return unfit('no nameserver')
      const real = servers.filter((address) => !isLoopback(address))
      if (real.length > 0) return fine([...new Set(real)].join(', '))
      return unfit(`only ${[...new Set(servers)].join(', ')}`)
    },
  },
  {
    id: 'firewall',
    title: 'No firewall of the machine is in the way',
    severity: 'advised',
    wanted: 'none active, or one that lets the ports of the cluster through',
    why:
      'machines and pods reach each other on the ports of the table “ports”, ' +
      'and pods through forwarding; a firewall that drops either breaks the ' +
      'cluster in ways that look like anything else',
    remedy:
      'open the ports of the table, and forwarding from and to the pod range, ' +
      'or leave filtering to the network around the machines',
    look: 'nft list chains; ufw status; firewall-cmd --state',
    source: portsAndProtocols,
    probe: {
      id: 'firewall',
      script: sh`
        systemctl is-active --quiet firewalld && echo 'firewalld is active'
        grep -qx ENABLED=yes /etc/ufw/ufw.conf && echo 'ufw is enabled'
        nft list chains | grep -E 'hook (input|forward) .*policy drop' |
          sed 's/^[[:space:]]*/a chain drops by default: /'`,
    },
    judge(printed) {
      const found = lines(printed)
      return found.length === 0 ? fine('none') : unfit(found.join(', '))
    },
  },
]

interface Listener {
  address: string
  port: number
  unit: string
  program: string
}

function readListeners(printed: string): Listener[] {
  const all = lines(printed).map((line) => {
    const [address = '', port, ...rest] = line.split(' ')
    // The rest is the program, and the cgroup in which it runs.
    const text = rest.join(' ')
    return {
      address: readAddress(address),
      port: Number(port),
      unit: /([^/]+\.service)/.exec(text)?.[1] ?? 'none',
      program: text.replace(/ \d+:.*$/, ''),
    }
  })
  const key = (one: Listener) => `${one.address} ${one.port} ${one.program}`
  return [...new Map(all.map((one) => [key(one), one])).values()]
}

// /proc writes addresses as words in the byte order of the processor, which
// is little-endian on all that Kubernetes is released for here.
function readAddress(hex: string): string {
  if (/^0+$/.test(hex)) return '*'
  const last = hex.slice(-8)
  const bytes = last.match(/../g)?.reverse() ?? []
  const address = bytes.map((byte) => Number.parseInt(byte, 16)).join('.')
  // The address of IPv4 in IPv6 ends with the former; ::1 is a 1 at the end.
  return hex.length === 32 && address === '0.0.0.1' ? '127.0.0.1' : address
}

function isInTheWay(listener: Listener, about: About): boolean {
  const port = opened.find(
    (one) =>
      one.port === listener.port &&
      one.roles.some((role) => about.machine.roles.includes(role)),
  )
  if (!port) return false
  const own = about.member && isNamed(listener.program, port.program)
  return !own && meet(listener.address, port, about.machine.address)
}

function meet(address: string, { listens }: Port, machine: string): boolean {
  if (address === '*' || listens.includes('all')) return true
  if (isLoopback(address)) return listens.includes('loopback')
  return address === machine && listens.includes('machine')
}

// The kernel keeps the first 15 characters of a program's name.
function isNamed(found: string, program: string | undefined): boolean {
  return program !== undefined && found === program.slice(0, 15)
}

function describe({ address, port, unit, program }: Listener): string {
  const where = address === '*' ? '' : ` on ${address}`
  const by = unit === 'none' ? program : `${program} (${unit})`
  return `${port}${where} is held by ${by}`
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function mtuOf(printed: string, address: string): string | undefined {
  const all = lines(printed)
  // 2: eth0    inet 10.10.0.11/24 brd …, then eth0/mtu:1500
  const interfaces = all.map((line) => line.split(/\s+/))
  const holder = interfaces.find(([, , , range]) =>
    range?.startsWith(`${address}/`),
  )
  const mtu = all.find((line) => line.startsWith(`${holder?.[1]}/mtu:`))
  return mtu?.split(':')[1]
}

function mostFrequent(values: readonly string[]): string | undefined {
  const count = (value: string) => values.filter((one) => one === value).length
  return [...values].sort((a, b) => count(b) - count(a))[0]
}
