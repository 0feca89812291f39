"""What an applicant promised: to bring materials later (容缺受理), to meet conditions (告知承诺); broken promises."""
