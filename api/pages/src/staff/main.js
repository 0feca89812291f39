/** The staff console: language first, then who is here, then the view that was asked for. */
import '../shared/older.js'
import '../shared/base.css'
import './staff.css'
import { createApp } from 'vue'
import { addWords, restoreLanguage } from '../shared/i18n.js'
import App from './App.vue'
import { session } from './desk.js'
import { router } from './router.js'

addWords(() => import('../shared/en.js'))
addWords(() => import('./en.js'))
Promise.all([restoreLanguage(), session.restore()]).then(() => createApp(App).use(router).mount('#app'))
