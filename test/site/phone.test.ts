import { phone } from './browser.ts'
import { lookAtEveryPage } from './every-page.ts'

lookAtEveryPage(phone)
