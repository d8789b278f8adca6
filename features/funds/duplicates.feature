Feature: The same cost is not paid twice
  The same fare, night or meal of the same child or traveler in two requests, or paid here and by somebody
  else: finance sees it, and only finance says that it is none, with a reason that stays.

  Scenario: The same fare in two requests
    Given a fare of $400.00 paid from our own fund
    And the same fare of $300.00 paid again, in another request
    Then $300 look paid twice: the same person, the same kind of cost
    When Finn, who decided neither, looks and finds no duplicate, because "the first seat was given back"
    Then nothing waits for a look, and the reason stays
    When Carla has it looked at again, because "the seat was flown after all"
    Then $300 look paid twice: the same person, the same kind of cost

  Scenario: Another night or day is another cost
    Given a fare of $400.00 paid from our own fund
    And the same fare of $300.00 paid again, for a trip a week later
    Then nothing waits for a look

  Scenario: A source elsewhere has paid the same cost
    Given a fare of $400.00 paid from our own fund
    When Ben writes down that the home state paid back $400.00
    Then $400 look paid twice: paid here, and by a source elsewhere
    When Carla verifies what came back
    Then nothing waits for a look
