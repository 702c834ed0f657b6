export type { Check, Severity, Verdict } from './node-spec/check.ts'
export { hostsBlock, hostsRange } from './node-spec/hosts-file.ts'
export {
  type Family,
  type NodePackage,
  nodePackages,
  packagesNotNeeded,
  packageTable,
} from './node-spec/packages.ts'
export {
  ensureHostNames,
  ensureModules,
  ensurePackages,
  ensureResolverFile,
  ensureSysctls,
  leaveCluster,
  maskUnit,
  removeHostNames,
  removeResolverFile,
  restoreModules,
  restorePackages,
  restoreSysctls,
  sysctlsAtStart,
  unmaskUnit,
} from './node-spec/prepare.ts'
export {
  advice,
  checks,
  describeFindings,
  type Finding,
  findingsOf,
  requireFit,
  type Survey,
  type Surveyed,
  surveyMachines,
} from './node-spec/survey.ts'
