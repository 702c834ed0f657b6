import { createHash } from 'node:crypto'
import { runs } from './kubelet.ts'
import { like, type Pattern, rest, unquote, word, words } from './like.ts'
import * as services from './services.ts'
import { survey } from './survey.ts'
import {
  exists,
  type FakeMachine,
  makeFolder,
  remove,
  type World,
  writeFile,
} from './world.ts'

/** What a script works on. */
export interface Context {
  world: World
  machine: FakeMachine
  log(text: string): void
  /** Answers a script that is inside this one. */
  run(script: string): string | boolean
}

/**
 * What a script prints, or false when it fails. Anything else is success.
 * Holes come as they are written, quotes and all.
 */
type Answer = (context: Context, ...holes: string[]) => unknown

/** The scripts that the fake machine knows. */
export const scripts: [Pattern, Answer][] = []

function know(pattern: Pattern, answer: Answer): void {
  scripts.push([pattern, answer])
}

const one = (hole = '') => unquote(hole)[0] ?? ''
const root = 'root:root'

// What a machine is.

know(
  like`uname -m
    [ -e /sys/fs/cgroup/cgroup.controllers ] && echo 2 || echo 1
    [ -e /run/systemd/container ] && echo container || echo machine
    ${rest}`,
  ({ machine: { container } }) =>
    container ? 'x86_64\n1\ncontainer\nno' : 'x86_64\n2\nmachine\nyes',
)
know(
  like`set +e; exec 2>/dev/null
    interface=${rest} echo "user=$(id -un)" ${rest}`,
  ({ machine: { name, address, container, answers = {} } }) =>
    [
      `user=root\nhostname=${name}\nmachine-id=${hash(name)}`,
      `interface=eth0\naddresses=${address}`,
      `MAC=02:00:${hash(name).slice(0, 8).match(/../g)?.join(':')}`,
      ...(container ? [] : [`product_uuid=${hash(`uuid ${name}`)}`]),
      // The last one that is said counts.
      ...Object.entries(answers).map(([what, said]) => `${what}=${said}`),
    ].join('\n'),
)
know(like`date +%s.%N`, ({ machine: { ahead = 0 } }) =>
  String(Date.now() / 1000 + ahead),
)
know(like`hostname`, ({ machine }) => machine.name)

// Verbs of lib/machine.ts.

know(like`false`, () => false)
know(
  like`[ -d ${word} ] && [ "$(stat -c '%a %U:%G' ${word})" = ${word} ]`,
  ({ machine }, path, _, access) => machine.folders[one(path)] === one(access),
)
know(
  like`install -d -m ${word} -o ${word} -g ${word} ${word}`,
  ({ machine, world }, mode, user, group, path) => {
    services.requireUser(machine, one(user))
    world.change(() => {
      makeFolder(machine, one(path))
      machine.folders[one(path)] = `${one(mode)} ${one(user)}:${one(group)}`
    })
  },
)
know(like`getent passwd ${word} && getent group ${word}`, ({ machine }, user) =>
  machine.users.includes(one(user)),
)
know(
  like`useradd --system --user-group --no-create-home
    --home-dir /nonexistent --shell /usr/sbin/nologin
    --comment kubernetes-from-scratch ${word}`,
  ({ machine, world }, user) =>
    world.change(() => machine.users.push(one(user))),
)
know(
  like`[ "$(getent passwd ${word} | cut -d: -f5)" != kubernetes-from-scratch ]`,
  ({ machine }, user) => !machine.users.includes(one(user)),
)
know(
  like`userdel ${word}
    ! getent group ${word} >/dev/null || groupdel ${word}`,
  ({ machine, world }, user) =>
    world.change(() => {
      machine.users = machine.users.filter((it) => it !== one(user))
    }),
)
know(
  like`[ -z "$(find ${words} -maxdepth 0 -type d -empty 2>/dev/null)" ]`,
  ({ machine }, folders) =>
    !unquote(folders ?? '').some((path) => isEmpty(machine, path)),
)
know(
  like`for folder in ${words}; do
      [ ! -d $folder ] || rmdir --ignore-fail-on-non-empty $folder
    done`,
  ({ machine, world }, folders) => {
    for (const path of unquote(folders ?? '')) {
      if (isEmpty(machine, path)) world.change(() => remove(machine, path))
    }
  },
)
know(tests, ({ machine }, ...parts) => {
  let holds = true
  for (let at = 0; at < parts.length; at += 4) {
    const [join, not, letter, path = ''] = parts.slice(at, at + 4)
    // As bash has it: from left to right, whatever comes first.
    if (join === '&&' ? !holds : join === '||' && holds) continue
    holds = looksAt(machine, letter ?? '', one(path)) !== (not === '!')
  }
  return holds
})
// It waits; here what is not so now will never be.
know(
  like`said=$(mktemp); trap 'rm -f "$said"' EXIT
    end=$((SECONDS + ${word}))
    ${rest}
    while :; do
      found=0
      timeout --kill-after 5 ${word}
        bash -euo pipefail -c ${word} ${rest}
    done`,
  ({ run }, _, __, ___, script) =>
    run(one(script)) === false ? `on the fake, and never: ${script}` : '',
)

// Services, lib/service.ts.

const reloading = '((?:; systemctl daemon-reload)?)'

know(
  like`while IFS='=' read -r key value; do declare "$key=$value"; done <<<
    "$(systemctl show --timestamp=us+utc ${word} ${rest}find -L ${words} -type f
    -newermt ${rest}`,
  ({ machine }, name, _, reads) =>
    services.stateOf(machine, one(name), unquote(reads ?? '')),
)
know(
  like`systemctl --root=/ enable --quiet ${word}${reloading}
    systemctl reset-failed ${word} 2>/dev/null || true
    systemctl restart ${words} ${word} || { ${rest} }`,
  ({ world, machine, log }, name, reload, _, options) => {
    const verb = machine.units[one(name)]?.active ? 'restart' : 'start'
    const waits = options?.trim() === '' ? '' : ', waiting for nothing'
    log(`${verb} ${one(name)}.service${waits}`)
    services.start(world, machine, one(name), reload !== '')
  },
)
know(
  like`systemctl --root=/ enable --quiet ${word}${reloading}
    timeout 60 systemctl restart ${word} || true`,
  ({ world, machine, log }, name, reload) => {
    log(`restart ${one(name)}.service, in its turn`)
    services.start(world, machine, one(name), reload !== '')
  },
)
know(
  like`systemctl stop ${word}
    systemctl --root=/ disable --quiet ${word}
    rm -f ${word}
    systemctl daemon-reload
    systemctl reset-failed ${word} 2>/dev/null || true`,
  ({ world, machine }, name, _, file) => {
    services.requireFile(machine, one(file))
    world.change(() => services.stop(machine, one(name)))
    world.change(() => {
      remove(machine, one(file))
      delete machine.units[one(name)]
    })
  },
)

// Programs and images, lib/install.ts.

const oneStamped = like`${rest}) [ -x ${word} ] && read -r stamp < ${word} &&
  [ "$stamp" = ${word}" $found" ] && echo ${word} `

know(like`install -d -m 755 ${words}`, ({ machine, world }, folders) => {
  for (const folder of unquote(folders ?? '')) {
    if (!exists(machine, folder)) {
      world.change(() => makeFolder(machine, folder))
    }
  }
})
know(
  like`stat -c '%n %s %y' ${words} | while read -r path found; do
      case $path in
      ${rest}
      esac
    done 2>/dev/null || true`,
  ({ machine: { files } }, _, cases = '') => {
    const stamped = cases.split(';;').flatMap((text) => {
      const [, path, stamp, identity] = oneStamped(text)?.map(one) ?? []
      const program = files[path ?? '']
      if (!program || (program.mode & 0o111) === 0) return []
      const { content, time } = program
      const wanted = `${identity} ${content.length} ${time}\n`
      return files[stamp ?? '']?.content === wanted ? [path] : []
    })
    return stamped.join('\n')
  },
)
know(
  like`chmod 755 ${word}
    chown root:root ${word}
    mv -fT ${word} ${word}
    echo ${word}" $(stat -c '%s %y' ${word})" > ${word}`,
  ({ world, machine, log }, _, __, from, to, identity, ___, stamp) => {
    const { content = '', time = 0 } = machine.files[one(from)] ?? {}
    log(`install ${one(to)}  755 ${root}, ${content.trim()}`)
    world.change(() => {
      remove(machine, one(from))
      writeFile(machine, one(to), { content, mode: 0o755, owner: root, time })
    })
    const stamped = `${one(identity)} ${content.length} ${time}\n`
    world.change((now) =>
      writeFile(machine, one(stamp), {
        ...{ content: stamped, mode: 0o644, owner: root, time: now },
      }),
    )
  },
)
know(
  like`sum() { ${rest} }
    found=$(sum ${word})
    if [ "$found" != ${word} ]; then ${rest} fi`,
  ({ machine }, _, path, sum) =>
    hash(machine.files[one(path)]?.content ?? '') === one(sum),
)
know(
  like`ctr -n k8s.io images ls name==${word} |
    awk -v want=${word} ${rest}`,
  ({ machine }, reference, digest) => {
    const found = machine.images[one(reference)]
    return one(digest) === '' ? Boolean(found) : found === one(digest)
  },
)
know(
  like`ctr -n k8s.io images import --local --no-unpack ${word} >/dev/null
    rm -f ${word}`,
  ({ world, machine, log }, archive) => {
    services.requireActive(machine, 'containerd')
    // The fake archive is one line: reference and digest.
    const { content = '' } = machine.files[one(archive)] ?? {}
    const [reference = '', digest = ''] = content.trim().split(' ')
    log(`import image ${reference}`)
    world.change(() => {
      machine.images[reference] = digest
      remove(machine, one(archive))
    })
  },
)

// Step 02, lib/node-spec.

know(like`set +e +u +o pipefail { ${rest} } 2>/dev/null`, ({ machine }) =>
  survey(machine),
)
know(
  like`if command -v apt-get >/dev/null; then
      echo debian
      there=${rest}
      for name in ${words}; do ${rest} done
    else ${rest} fi`,
  ({ machine }, _, names) => {
    const missing = unquote(names ?? '').filter(
      (name) => !machine.packages.includes(name),
    )
    return ['debian', ...missing].join('\n')
  },
)
know(
  like`install -d -m 700 ${word}
    export DEBIAN_FRONTEND=noninteractive
    ${rest}
    apt-get install --simulate --no-install-recommends ${words} |
      sed ${rest} >> ${word}
    apt-get install -q --yes --no-install-recommends ${rest}`,
  ({ world, machine }, _, __, names, ___, record) => {
    const missing = unquote(names ?? '')
    world.change((time) => append(machine, one(record), missing, time))
    // One after the other, as dpkg does it.
    for (const name of missing) {
      world.change(() => {
        machine.packages.push(name)
        if (name === 'haproxy') machine.users.push('haproxy')
      })
    }
  },
)
know(
  like`if command -v apt-get >/dev/null; then
      export DEBIAN_FRONTEND=noninteractive
      xargs -r apt-mark auto < ${word} >/dev/null
      ${rest}
    fi
    rm -f ${word}`,
  ({ world, machine }, record) => {
    const { content = '' } = machine.files[one(record)] ?? {}
    const ours = content.split('\n')
    world.change(() => {
      machine.packages = machine.packages.filter((it) => !ours.includes(it))
      if (!machine.packages.includes('haproxy')) {
        machine.users = machine.users.filter((it) => it !== 'haproxy')
      }
    })
    world.change(() => remove(machine, one(record)))
  },
)
know(like`[ "$(readlink ${word})" = /dev/null ]`, ({ machine }, path) =>
  machine.masked.includes(one(path)),
)
know(
  like`install -d -m 700 ${word}
    touch ${word}
    systemctl mask --quiet ${word}`,
  ({ world, machine }, _, record, unit) => {
    world.change((time) => append(machine, one(record), [], time))
    world.change(() => machine.masked.push(`/etc/systemd/system/${one(unit)}`))
  },
)
know(
  like`systemctl unmask --quiet ${word}
    rm ${word}`,
  ({ world, machine }, unit, record) => {
    const path = `/etc/systemd/system/${one(unit)}`
    world.change(() => {
      machine.masked = machine.masked.filter((it) => it !== path)
    })
    world.change(() => remove(machine, one(record)))
  },
)
know(
  like`built_in=/lib/modules/$(uname -r)/modules.builtin
    while read -r name path; do
      [ -e "$path" ] || grep -qs "/$name\.ko" "$built_in" || exit 1
    done <<< ${word}`,
  ({ machine }, proofs) =>
    one(proofs)
      .split('\n')
      .every((line) => machine.modules.includes(line.split(' ')[0] ?? '')),
)
know(
  like`install -d -m 700 ${word}
    for name in ${words}; do
      grep -q "^$name " /proc/modules || echo "$name" >> ${word}
    done
    modprobe -a ${words}`,
  ({ world, machine }, _, names, record) => {
    const missing = unquote(names ?? '').filter(
      (name) => !machine.modules.includes(name),
    )
    world.change((time) => append(machine, one(record), missing, time))
    for (const name of missing) {
      world.change(() => machine.modules.push(name))
    }
  },
)
know(
  like`while read -r name; do
      modprobe -r "$name" 2>/dev/null || true
    done < ${word}
    rm ${word}`,
  ({ world, machine }, record) => {
    const ours = machine.files[one(record)]?.content.split('\n') ?? []
    world.change(() => {
      machine.modules = machine.modules.filter((it) => !ours.includes(it))
    })
    world.change(() => remove(machine, one(record)))
  },
)
know(
  like`install -d -m 700 ${word}
    sysctl -e ${words} > ${word}
    mv ${word} ${word}`,
  ({ world, machine }, _, names, __, ___, record) =>
    world.change((time) =>
      append(machine, one(record), sysctlLines(machine, names), time),
    ),
)
know(
  like`cat ${word} 2>/dev/null || sysctl -e ${words} || true`,
  ({ machine }, record, names) =>
    machine.files[one(record)]?.content ??
    sysctlLines(machine, names).join('\n'),
)
know(
  like`[ "$(sysctl -n ${words})" = ${word} ]`,
  ({ machine }, names, values) => {
    const found = unquote(names ?? '').map((name) => machine.sysctls[name])
    return found.join('\n') === one(values)
  },
)
know(like`sysctl -q -p ${word}`, ({ world, machine }, file) => {
  const { content = '' } = machine.files[one(file)] ?? {}
  world.change(() => setSysctls(machine, content))
})
know(
  like`while read -r name _ value; do
      ${rest}
    done < ${word}
    rm ${word}`,
  ({ world, machine }, _, record) => {
    const { content = '' } = machine.files[one(record)] ?? {}
    world.change(() => setSysctls(machine, content))
    world.change(() => remove(machine, one(record)))
  },
)
know(
  like`/usr/lib/systemd/systemd-sysctl --cat-config`,
  ({ machine: { files } }) =>
    Object.keys(files)
      .filter((path) => path.startsWith('/etc/sysctl.d/'))
      .sort()
      .map((path) => `# ${path}\n${files[path]?.content}`)
      .join('\n'),
)
know(
  like`for name in ${words}; do getent ahostsv4 "$name" || true; done`,
  ({ machine }, names) => {
    const hosts = machine.files['/etc/hosts']?.content.split('\n') ?? []
    return unquote(names ?? '')
      .flatMap((name) => hosts.filter((line) => line.endsWith(` ${name}`)))
      .join('\n')
  },
)
know(
  like`[ "$(sed -n ${word} /etc/hosts)" = ${word} ]`,
  ({ machine }, range, block) => cut(machine, range)[1] === one(block),
)
know(
  like`touch /etc/hosts
    sed -e ${word} -e '$a\' /etc/hosts > /etc/hosts.new
    printf '%s\n' ${word} >> /etc/hosts.new
    chmod 644 /etc/hosts.new
    sync /etc/hosts.new
    mv -fT /etc/hosts.new /etc/hosts 2>/dev/null || { ${rest} }`,
  ({ world, machine }, range, block) =>
    world.change(
      (time) => {
        const others = cut(machine, range)[0]
        setHosts(machine, `${others}${one(block)}\n`, time)
      },
      (time) => halfOfHosts(machine, time),
    ),
)
know(
  like`[ -z "$(sed -n ${word} /etc/hosts 2>/dev/null)" ]`,
  ({ machine }, range) => cut(machine, range)[1] === '',
)
know(
  like`sed ${word} /etc/hosts > /etc/hosts.new
    chmod 644 /etc/hosts.new
    sync /etc/hosts.new
    mv -fT /etc/hosts.new /etc/hosts 2>/dev/null || { ${rest} }
    [ -s /etc/hosts ] || rm -f /etc/hosts`,
  ({ world, machine }, range) =>
    world.change(
      (time) => setHosts(machine, cut(machine, range)[0], time),
      (time) => halfOfHosts(machine, time),
    ),
)
know(like`[ -e /etc/resolv.conf ] || [ -L /etc/resolv.conf ]`, ({ machine }) =>
  exists(machine, '/etc/resolv.conf'),
)
know(
  like`[ "$(cat /etc/resolv.conf 2>/dev/null)" != ${word} ]`,
  ({ machine }, note) =>
    machine.files['/etc/resolv.conf']?.content.trim() !== one(note),
)
know(
  like`rm -rf ${words}
    [ ! -d ${word} ] || rmdir --ignore-fail-on-non-empty ${word}
    rm -rf ${word}`,
  ({ world, machine }, paths, folder, _, last) => {
    for (const path of unquote(paths ?? '')) {
      world.change(() => remove(machine, path))
    }
    const inside = Object.keys({ ...machine.files, ...machine.folders })
    if (!inside.some((path) => path.startsWith(`${one(folder)}/`))) {
      world.change(() => remove(machine, one(folder)))
    }
    world.change(() => remove(machine, one(last)))
  },
)

// Step 05.

know(
  like`[ ! -d /var/lib/etcd/member ] || [ ! -e /etc/etcd/etcd.yaml ] ||
    sed -n 's/^initial-cluster: //p' /etc/etcd/etcd.yaml`,
  ({ machine }) => {
    if (!exists(machine, '/var/lib/etcd/member')) return ''
    const { content = '' } = machine.files['/etc/etcd/etcd.yaml'] ?? {}
    return /^initial-cluster: (.*)$/m.exec(content)?.[1] ?? ''
  },
)
know(
  like`
    etcdctl --dial-timeout ${word} --command-timeout ${word} \
      --cacert ${word} --cert ${word} --key ${word} endpoint health
  `,
  ({ machine }, _dial, _command, ...files) => {
    for (const file of files) services.requireFile(machine, one(file))
    return runs({ machines: {} }, 'etcd', [machine])
  },
)

// Step 09.

know(
  like`[ -z "$(awk ${rest} /proc/mounts | sort -r)" ]`,
  ({ machine }) => !machine.kernel.includes('pods'),
)

// Steps 06 to 08.

know(
  like`curl --silent --show-error --max-time 10 --fail --cacert ${word} https://127.0.0.1:${word}/readyz`,
  ({ world, machine }, authority, port) => {
    services.requireFile(machine, one(authority))
    if (!runs(world.state, 'etcd')) return false
    if (port === '6443') return runs(world.state, 'kube-apiserver', [machine])
    if (port !== '7443') throw new Error(`what listens on ${port}?`)
    return (
      runs(world.state, 'api-balancer', [machine]) &&
      runs(world.state, 'kube-apiserver')
    )
  },
)
know(
  like`curl --silent --show-error --max-time 10 --fail --insecure https://127.0.0.1:${word}/healthz`,
  ({ world, machine }, port = '') => {
    const names = { 10257: 'kube-controller-manager', 10259: 'kube-scheduler' }
    const name = names[Number(port) as keyof typeof names]
    return runs(world.state, name, [machine])
  },
)

// Step 10.

know(
  like`if grep -q '^nameserver 127\.' /etc/resolv.conf && ${rest} fi`,
  () => '/etc/resolv.conf',
)
know(
  like`[ -z "$(ctr -n k8s.io containers ls -q)" ]
    ! systemctl is-active --quiet kubepods.slice`,
  ({ machine }) => !machine.kernel.includes('pods'),
)
know(
  like`export CONTAINERD_NAMESPACE=k8s.io
    for id in $(ctr containers ls -q); do ${rest} done
    ip netns list ${rest} systemctl stop kubepods.slice`,
  ({ world, machine }) => {
    services.requireActive(machine, 'containerd')
    world.change(() => services.forget(machine, 'pods'))
  },
)

// Step 11.

know(
  like`curl --silent --show-error --max-time 10 --fail http://127.0.0.1:10256/healthz
    nft list table ip kube-proxy`,
  ({ world, machine }) =>
    runs(world.state, 'kube-proxy', [machine]) &&
    machine.kernel.includes('table ip kube-proxy'),
)
const ofKubeProxy = ['table ip kube-proxy', 'table ip6 kube-proxy']
know(
  like`[ -z "$(nft list tables | sed -nE 's/^table ip6? kube-proxy$/delete &/p')" ]`,
  ({ machine }) => !ofKubeProxy.some((it) => machine.kernel.includes(it)),
)
know(
  like`nft list tables | sed -nE 's/^table ip6? kube-proxy$/delete &/p' | nft -f -`,
  ({ world, machine }) =>
    // All of it, or nothing: it is one transaction.
    world.change(() => {
      for (const table of ofKubeProxy) services.forget(machine, table)
    }),
)

// Step 12.

const ofPodNetwork = [
  ...['routes', 'table ip pod-network', 'table ip cni_hostport', 'cni0'],
]
know(
  like`[ -z "$(ip route show proto 147)$(nft list tables |
      sed -nE 's/^table ip (pod-network|cni_hostport)$/delete &/p')" ]
    ! ip link show cni0`,
  ({ machine }) => !ofPodNetwork.some((it) => machine.kernel.includes(it)),
)
know(
  like`ip route flush proto 147
    nft list tables |
      sed -nE 's/^table ip (pod-network|cni_hostport)$/delete &/p' | nft -f -
    # They would outlive their pods for minutes, with connections that
    # wait for an answer that no longer finds its way.
    for link in $(ip -brief link show master cni0 | cut -d @ -f 1); do
      ip link delete $link
    done
    ip link delete cni0 2>/dev/null || true`,
  ({ world, machine }) => {
    for (const part of ofPodNetwork) {
      world.change(() => services.forget(machine, part))
    }
  },
)

/** Nothing but tests of paths, with && and || between them. */
function tests(script: string): string[] | undefined {
  const test = new RegExp(
    String.raw`\s*(&&|\|\||^)\s*\[ (!? ?)-([edfsLx]) ${word} \]\s*`,
    'gy',
  )
  const parts: string[] = []
  let end = 0
  for (const found of script.matchAll(test)) {
    const [whole, join = '', not = '', letter = '', path = ''] = found
    parts.push(join, not.trim(), letter, path)
    end += whole.length
  }
  return end > 0 && end === script.length ? parts : undefined
}

function isEmpty(machine: FakeMachine, folder: string): boolean {
  const all = Object.keys({ ...machine.files, ...machine.folders })
  return (
    folder in machine.folders &&
    !all.some((path) => path.startsWith(`${folder}/`))
  )
}

function looksAt(machine: FakeMachine, letter: string, path: string): boolean {
  if (letter === 's') return Boolean(machine.files[path]?.content)
  if (letter === 'd') return path in machine.folders
  if (letter === 'L') return machine.masked.includes(path)
  return exists(machine, path)
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function append(
  machine: FakeMachine,
  path: string,
  lines: readonly string[],
  time: number,
): void {
  const old = machine.files[path]?.content ?? ''
  const content = old + lines.map((line) => `${line}\n`).join('')
  writeFile(machine, path, { content, mode: 0o644, owner: root, time })
}

function sysctlLines({ sysctls }: FakeMachine, names = ''): string[] {
  return unquote(names)
    .filter((name) => name in sysctls)
    .map((name) => `${name} = ${sysctls[name]}`)
}

function setSysctls({ sysctls }: FakeMachine, content: string): void {
  for (const line of content.trim().split('\n')) {
    const [name = '', value = ''] = line.split(' = ')
    if (!(name in sysctls)) throw new Error(`no parameter ${name}`)
    sysctls[name] = value
  }
}

/** /etc/hosts without our block, and the block. */
function cut({ files }: FakeMachine, range = ''): [string, string] {
  const [first = '', last = ''] = one(range)
    .replace(/[pd]$/, '')
    .split(',')
    .map((part) => part.slice(2, -2))
  const hosts = files['/etc/hosts']?.content ?? ''
  const begin = hosts.indexOf(`${first}\n`)
  const end = hosts.indexOf(`${last}\n`)
  if (begin < 0) return [hosts, '']
  const after = end + last.length
  return [
    hosts.slice(0, begin) + hosts.slice(after + 1),
    hosts.slice(begin, after),
  ]
}

function halfOfHosts(machine: FakeMachine, time: number): void {
  const file = { content: '127.0', mode: 0o644, owner: root, time }
  writeFile(machine, '/etc/hosts.new', file)
}

function setHosts(machine: FakeMachine, content: string, time: number): void {
  remove(machine, '/etc/hosts.new')
  writeFile(machine, '/etc/hosts', { content, mode: 0o644, owner: root, time })
}
