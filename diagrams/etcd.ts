import { type Diagram, flowchart } from './diagram.ts'
import { cluster, namesOf, quorum } from './facts.ts'

const members = cluster.controlPlanes
const enough = quorum(members.length)
const [leader, ...followers] = members
const fewest = followers.slice(0, enough - 1)

export const etcd: Diagram = {
  name: 'etcd',
  title: 'One write, and the quorum that keeps it',
  description:
    `A write goes to the leader of ${members.length} etcd members, which ` +
    `sends it to the others. Once ${enough} have it on disk it is committed.`,
  text: [
    'An API server may ask any member; a write is handed to the leader.',
    'The leader appends it to its log on disk and sends it to all followers.',
    'Each follower writes it to its own disk, then says so.',
    `With ${enough} of ${members.length}, the leader included, the write is ` +
      'committed and the API server gets its answer.',
    `A follower that is slow or down catches up later; ` +
      `${members.length - enough} of ${members.length} may be lost.`,
    `Members: ${namesOf(members)}. Which of them leads is for them to elect.`,
  ],
  source: flowchart('TB', [
    'api["API server<br>write: pod web-1"]:::control',
    `leader[("<b>${leader?.name}</b><br>leads, for now<br>log on disk")]:::data`,
    'api -- "1 propose" --> leader',
    ...followers.map(
      ({ name }) =>
        `${name}[("<b>${name}</b><br>follows<br>log on disk")]:::data`,
    ),
    ...followers.map(({ name }) => `leader -- "2 append" --> ${name}`),
    `quorum{{"<b>${enough} of ${members.length}</b> have it on disk:<br>` +
      'committed"}:::added'.replace('}', '}}'),
    ...fewest.map(({ name }) => `${name} -- "3 stored" --> quorum`),
    ...followers
      .filter((member) => !fewest.includes(member))
      .map(({ name }) => `${name} -. "late or down" .-> quorum`),
    'quorum -- "4 answer" --> done["API server<br>201 Created"]:::control',
  ]),
}
