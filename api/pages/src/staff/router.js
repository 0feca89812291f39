/**
 * Which address shows which view, and to whom. The talks are drawn by App.vue itself and stay alive, so that nothing
 * half-written is lost.
 */
import { createRouter, createWebHashHistory } from 'vue-router'
import { ANSWERERS, debt, holds, me, READERS, signedIn } from './desk.js'

const Nothing = { render: () => null }

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: () => ({ name: me.value && !holds(...READERS) ? 'people' : 'cases' }) },
    { path: '/login', name: 'login', component: () => import('./views/LoginView.vue'), meta: { open: true } },
    {
      path: '/cases/:number?',
      name: 'cases',
      component: () => import('./views/CasesView.vue'),
      meta: { roles: READERS },
    },
    { path: '/talks/:id?', name: 'talks', component: Nothing },
    {
      path: '/replies',
      name: 'replies',
      component: () => import('./views/RepliesView.vue'),
      meta: { roles: ANSWERERS },
    },
    {
      path: '/templates',
      name: 'templates',
      component: () => import('./views/TemplatesView.vue'),
      meta: { roles: ['head', 'admin'] },
    },
    { path: '/parcels', name: 'parcels', component: () => import('./views/ParcelsView.vue'), meta: { roles: READERS } },
    { path: '/notices', name: 'notices', component: () => import('./views/NoticesView.vue') },
    { path: '/first', name: 'first', component: () => import('./views/FirstView.vue'), meta: { open: true } },
    { path: '/own', name: 'own', component: () => import('./views/OwnView.vue') },
    { path: '/people', name: 'people', component: () => import('./views/PeopleView.vue'), meta: { roles: ['admin'] } },
    {
      path: '/work',
      name: 'work',
      component: () => import('./views/WorkView.vue'),
      meta: { roles: ['admin', 'supervisor'] },
    },
    {
      path: '/counter',
      name: 'counter',
      component: () => import('./views/CounterView.vue'),
      meta: { roles: ['window', 'handler', 'head'] },
    },
    {
      path: '/filings/:id?',
      name: 'filings',
      component: () => import('./views/FilingView.vue'),
      meta: { roles: ['window'] },
    },
    {
      path: '/verifications',
      name: 'verifications',
      component: () => import('./views/VerificationsView.vue'),
      meta: { roles: ['supervisor'] },
    },
    {
      path: '/broken-promises',
      name: 'broken',
      component: () => import('./views/BrokenPromisesView.vue'),
      meta: { roles: ['supervisor'] },
    },
    {
      path: '/audit',
      name: 'audit',
      component: () => import('./views/AuditView.vue'),
      meta: { roles: ['admin', 'supervisor'] },
    },
    { path: '/calendar', name: 'calendar', component: () => import('./views/CalendarView.vue') },
    { path: '/catalogue', name: 'catalogue', component: () => import('./views/CatalogueView.vue') },
    { path: '/places/:tab?', name: 'places', component: () => import('./views/PlacesView.vue') },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

router.beforeEach((to) => {
  if (debt.value) return to.name === 'first' || { name: 'first' }
  // After a log-in ran out, another may log in here who has no business where the first one was.
  if (signedIn.value && me.value && !holds(...(to.meta.roles ?? []))) return { path: '/' }
  if (to.meta.open || signedIn.value) return true
  return { name: 'login', query: to.fullPath === '/cases' ? {} : { next: to.fullPath } }
})
