/** Which address shows which view. The talks are drawn by App.vue itself and stay alive, so that nothing half-written is lost. */
import { createRouter, createWebHashHistory } from 'vue-router'
import { debt, holds, me, READERS, signedIn } from './desk.js'

const Nothing = { render: () => null }

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: () => ({ name: me.value && !holds(...READERS) ? 'people' : 'cases' }) },
    { path: '/login', name: 'login', component: () => import('./views/LoginView.vue'), meta: { open: true } },
    { path: '/cases/:number?', name: 'cases', component: () => import('./views/CasesView.vue') },
    { path: '/talks/:id?', name: 'talks', component: Nothing },
    { path: '/parcels', name: 'parcels', component: () => import('./views/ParcelsView.vue') },
    { path: '/notices', name: 'notices', component: () => import('./views/NoticesView.vue') },
    { path: '/first', name: 'first', component: () => import('./views/FirstView.vue'), meta: { open: true } },
    { path: '/own', name: 'own', component: () => import('./views/OwnView.vue') },
    { path: '/people', name: 'people', component: () => import('./views/PeopleView.vue') },
    { path: '/work', name: 'work', component: () => import('./views/WorkView.vue') },
    { path: '/counter', name: 'counter', component: () => import('./views/CounterView.vue') },
    { path: '/audit', name: 'audit', component: () => import('./views/AuditView.vue') },
    { path: '/calendar', name: 'calendar', component: () => import('./views/CalendarView.vue') },
    { path: '/catalogue', name: 'catalogue', component: () => import('./views/CatalogueView.vue') },
    { path: '/places/:tab?', name: 'places', component: () => import('./views/PlacesView.vue') },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

router.beforeEach((to) => {
  if (debt.value) return to.name === 'first' || { name: 'first' }
  if (to.meta.open || signedIn.value) return true
  return { name: 'login', query: to.fullPath === '/cases' ? {} : { next: to.fullPath } }
})
