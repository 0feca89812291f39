/** Which address shows which view. Hash addresses, so that the server needs to know one page only. */
import { nextTick, watch } from 'vue'
import { createRouter, createWebHashHistory } from 'vue-router'
import { t } from '../shared/i18n.js'
import { say } from '../shared/say.js'
import { cannotKeep, visit } from '../shared/storage.js'
import { signedIn } from './state.js'
import Home from './views/HomeView.vue'

const own = { needsLogin: true }

export const router = createRouter({
  history: createWebHashHistory(),
  scrollBehavior: (to, from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/', component: Home, meta: { tab: 'home' } },
    { path: '/matters', component: () => import('./views/MattersView.vue'), meta: { tab: 'matters' } },
    { path: '/matters/:code', component: () => import('./views/GuideView.vue') },
    { path: '/matters/:code/sample', component: () => import('./views/SampleView.vue') },
    { path: '/lists', component: () => import('./views/ListsView.vue') },
    { path: '/lists/:name', component: () => import('./views/ListsView.vue') },
    { path: '/packages', component: () => import('./views/PackagesView.vue') },
    { path: '/packages/:id', component: () => import('./views/PackagesView.vue') },
    { path: '/construction', component: () => import('./views/ConstructionView.vue') },
    { path: '/circle', component: () => import('./views/CircleView.vue') },
    { path: '/points/:id', component: () => import('./views/PointView.vue') },
    { path: '/login', component: () => import('./views/LoginView.vue') },
    { path: '/privacy', component: () => import('./views/PrivacyView.vue') },
    { path: '/lookup', component: () => import('./views/LookupView.vue') },
    { path: '/drafts/:id', component: () => import('./views/DraftView.vue'), meta: own },
    { path: '/cases', component: () => import('./views/CasesView.vue'), meta: own },
    { path: '/cases/:number', component: () => import('./views/CaseView.vue'), meta: own },
    { path: '/cases/:number/supplement', component: () => import('./views/SupplementView.vue'), meta: own },
    { path: '/messages', component: () => import('./views/MessagesView.vue'), meta: { tab: 'messages' } },
    { path: '/ask', component: () => import('./views/AskView.vue'), meta: own },
    { path: '/talks/:id', component: () => import('./views/TalkView.vue'), meta: own },
    { path: '/me', component: () => import('./views/MeView.vue'), meta: { tab: 'me' } },
    { path: '/me/devices', component: () => import('./views/DevicesView.vue'), meta: own },
    { path: '/me/phone', component: () => import('./views/PhoneView.vue'), meta: own },
    { path: '/me/data', component: () => import('./views/MyDataView.vue'), meta: own },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

router.beforeEach((to) => {
  if (to.meta.needsLogin && !signedIn.value) return { path: '/login', query: { next: to.fullPath } }
  return true
})

// a reader's place moves with the view
router.afterEach((to, from) => {
  if (to.path !== from.path && from.matched.length)
    nextTick(() => document.querySelector('h1')?.focus({ preventScroll: true }))
})

// signed out behind one's back: what is one's own needs a log-in again
watch(signedIn, (now) => {
  const here = router.currentRoute.value
  if (!now && here.meta.needsLogin) router.replace({ path: '/login', query: { next: here.fullPath } })
})

// a view whose script is gone from the server belongs to a newer release: fetch the page anew, once
const RELOADED = 'circle.reloaded'
router.onError((_, to) => {
  const isSecond = visit.getItem(RELOADED) !== null
  visit.setItem(RELOADED, '1')
  // without a storage nobody would know that it is the second time
  if (!navigator.onLine || isSecond || cannotKeep.value) return say(t('网络不通，请检查网络后再试。'))
  location.hash = to.fullPath
  location.reload()
})

/** Back where one came from, or to the first page for whoever came straight here. */
export const goBack = () => (history.state?.back ? router.back() : router.replace('/'))
