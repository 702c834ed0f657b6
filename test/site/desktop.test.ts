import { desktop } from './browser.ts'
import { lookAtEveryPage } from './every-page.ts'

lookAtEveryPage(desktop)
