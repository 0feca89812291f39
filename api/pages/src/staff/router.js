/** Which address shows which view. The talks are drawn by App.vue itself and stay alive, so that nothing half-written is lost. */
import { createRouter, createWebHashHistory } from 'vue-router'
import { signedIn } from './desk.js'

const Nothing = { render: () => null }

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', redirect: { name: 'cases' } },
    { path: '/login', name: 'login', component: () => import('./views/LoginView.vue'), meta: { open: true } },
    { path: '/cases/:number?', name: 'cases', component: () => import('./views/CasesView.vue') },
    { path: '/talks/:id?', name: 'talks', component: Nothing },
    { path: '/parcels', name: 'parcels', component: () => import('./views/ParcelsView.vue') },
    { path: '/notices', name: 'notices', component: () => import('./views/NoticesView.vue') },
    { path: '/places/:tab?', name: 'places', component: () => import('./views/PlacesView.vue') },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

router.beforeEach((to) => {
  if (to.meta.open || signedIn.value) return true
  return { name: 'login', query: to.fullPath === '/cases' ? {} : { next: to.fullPath } }
})
