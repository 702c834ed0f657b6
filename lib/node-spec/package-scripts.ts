import { type Script, sh } from '../shell.ts'
import { type Family, nodePackages } from './packages.ts'

const { debian, fedora } = nodePackages

/**
 * Prints the family of the machine's distribution, then the names of the
 * packages of the node spec that are missing, a line each.
 *
 * @example
 * await machine.read`${findMissingPackages()}` // 'debian\nhaproxy'
 */
export function findMissingPackages(): Script {
  return sh`
    if command -v apt-get >/dev/null; then
      echo debian
      there=$(dpkg-query -W -f ${'${db:Status-Status} ${Package}\n'} \
        ${debian} 2>/dev/null || true)
      for name in ${debian}; do
        [[ " $there " = *[[:space:]]"installed $name"[[:space:]]* ]] ||
          echo "$name"
      done
    else
      echo fedora
      for name in ${fedora}; do
        rpm -q "$name" >/dev/null || echo "$name"
      done
    fi`
}

/**
 * Installs packages.
 *
 * @param record file that gets the names of all packages that will come:
 * with `apt` those that they depend on, too
 * @example
 * installPackages('debian', ['haproxy'], '/var/lib/…/before/packages')
 */
export function installPackages(
  family: Family,
  names: readonly string[],
  record: string,
): Script {
  if (family === 'fedora') {
    return sh`
      printf '%s\n' ${names} >> ${record}
      dnf install -y --setopt=install_weak_deps=False ${names}`
  }
  // What an interrupted run left half done is ended first: apt refuses else.
  // Others may be at work: a machine that has just started often updates its
  // lists itself. An "Inst name [old] (new)" of the simulation is an upgrade:
  // such a package was there before.
  return sh`
    export DEBIAN_FRONTEND=noninteractive
    in_turn() {
      for attempt in {1..40}; do
        said=$("$@" 2>&1) && return
        grep -qE 'locked by another|Could not get lock' <<< "$said" || break
        sleep 3
      done
      echo "$said" >&2
      return 1
    }
    in_turn dpkg --force-confold --configure -a
    in_turn apt-get -q update
    apt-get install --simulate --no-install-recommends ${names} |
      sed -nE 's/^Inst ([^ ]+) \(.*/\1/p' >> ${record}
    apt-get install -q --yes --no-install-recommends \
      -o DPkg::Lock::Timeout=120 ${names}`
}

/**
 * Removes what {@link installPackages} brought, except what something else
 * depends on by now.
 *
 * @example
 * const asBefore = sh`[ ! -e ${record} ]`
 * await machine.ensure('packages', asBefore, removePackages(record))
 */
export function removePackages(record: string): Script {
  return sh`
    if command -v apt-get >/dev/null; then
      export DEBIAN_FRONTEND=noninteractive
      xargs -r apt-mark auto < ${record} >/dev/null
      unused=$(apt-get autoremove --simulate \
        -o APT::AutoRemove::RecommendsImportant=false |
        sed -nE 's/^Remv ([^ ]+) .*/\1/p')
      { grep -Fxf ${record} <<< "$unused" || true; } |
        xargs -r apt-get purge -q --yes -o DPkg::Lock::Timeout=120
    else
      xargs -r dnf remove -y < ${record}
    fi
    rm -f ${record}`
}
