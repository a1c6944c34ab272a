"""People come and go: what a leaver alone holds and who takes it over; the path of new hires and how long it took.

Owns leavings, hand-overs, questions of interviews, paths, cohorts, signed steps. Refuses to own what is handed over
(each package passes on its own things) and to teach, test and measure: it reads courses, quizzes and readings.
"""
