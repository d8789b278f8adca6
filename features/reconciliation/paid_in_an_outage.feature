Feature: What was paid in an outage is in the books at once, and two other people ratify it

  Background:
    Given a released award with a bill to be logged

  Scenario: Two people of finance ratify it, and it is paid once
    When Ana writes down that the bill was paid in an outage
    Then its money is in suspense and no budget is touched
    And nobody can log that bill as paid beside it
    When Ben proposes it as the payment of the bill
    Then Ben cannot ratify it as well
    And Carla cannot ratify it before she can see the slip
    When Ana attaches its slip
    And Carla ratifies it
    Then the bill is paid and nothing is in suspense

  Scenario: Who wrote it down does not ratify it
    When Ben writes down that the bill was paid in an outage
    Then Ben cannot propose it as the payment of the bill
    And Ben cannot report it either

  Scenario: One cent more than was approved is no award's cost: the organisation bears it
    When Ana writes down that one cent more than the bill was paid in an outage
    And Ana attaches its slip
    Then Ben cannot propose it as the payment of the bill
    When Ben proposes it, one cent being left over that no award can bear
    And Carla ratifies it
    And Carla puts it on the organisation's own money
    Then the bill is paid, and the cent is the organisation's own cost

  Scenario: What no award can bear is reported
    When Ana writes down that one cent more than the bill was paid in an outage
    And Ben reports it
    Then its money stays in suspense, and the auditor finds who reported it
