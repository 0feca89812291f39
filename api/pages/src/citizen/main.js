/** The citizen's page: language first, then who is here, then the view that was asked for. */
import '../shared/older.js'
import '../shared/base.css'
import { createApp } from 'vue'
import { addWords, restoreLanguage } from '../shared/i18n.js'
import App from './App.vue'
import { restoreElder } from './elder.js'
import { router } from './router.js'
import { session } from './state.js'

addWords(() => import('../shared/en.js'))
addWords(() => import('./en.js'))
// what recurs in the catalogue itself
addWords(() => import('../../../matters/data/terms.json'))
restoreElder()
Promise.all([restoreLanguage(), session.restore()]).then(() => createApp(App).use(router).mount('#app'))
